"""Spack's recipe of Tessera; INSTALL.md says how to use it."""
from spack.package import *


class Tessera(CMakePackage):
    """X-ray diffraction images of nanocrystals at cluster scale."""

    version("main", branch="main")

    # Spack has no package of xraylib and libccp4: they are installed by hand, below this folder.
    variant("libraries", default="/usr/local", description="where xraylib and libccp4 are", values=lambda folder: True)

    depends_on("cmake@3.22:", type="build")
    depends_on("mpi")
    depends_on("hdf5@1.10: +mpi")
    depends_on("zlib")
    depends_on("libyaml")
    depends_on("random123")

    def cmake_args(self):
        folder = self.spec.variants["libraries"].value
        return [
            self.define("BUILD_TESTING", False),
            self.define("RANDOM123_INCLUDE_DIR", self.spec["random123"].prefix.include),
            self.define("XRAYLIB_INCLUDE_DIR", folder + "/include"),
            self.define("XRAYLIB_LIBRARY", folder + "/lib/libxrl.so"),
            self.define("CCP4_INCLUDE_DIR", folder + "/include"),
            self.define("CCP4_LIBRARY", folder + "/lib/libccp4c.so"),
            self.define("CCP4_SYMINFO", folder + "/share/ccp4/syminfo.lib"),
        ]
