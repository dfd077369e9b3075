"""Runs a command in a pseudo terminal of a given width and looks at what it writes there.

in_terminal.py COLUMNS[,LATER] [--until TEXT] COMMAND...
The window has COLUMNS, and LATER ones from the first update on. With --until the command is ended by SIGTERM when TEXT,
a regular expression, has come. Fails when an update (what stands between carriage returns or new lines) is longer than
the window; prints the updates, one a line, those that a resize met half way left out.
"""
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios


def resize(terminal, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def main():
    widths, arguments = [int(word) for word in sys.argv[1].split(",")], sys.argv[2:]
    until = None
    if arguments[0] == "--until":
        until, arguments = re.compile(arguments[1]), arguments[2:]
    child, terminal = pty.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGSTOP)  # until the window has its size
        os.execvp(arguments[0], arguments)
    os.waitpid(child, os.WUNTRACED)
    resize(terminal, widths[0])
    os.kill(child, signal.SIGCONT)
    text, resized_at = "", None
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        text += piece.decode()
        if resized_at is None and len(widths) > 1 and "\r[" in text:
            resize(terminal, widths[1])
            resized_at = len(text)
        if until is not None and until.search(text):
            os.kill(child, signal.SIGTERM)
            until = None
    status = os.waitpid(child, 0)[1]
    allowed, place = widths[0], 0
    for update in re.split("[\r\n]", text):
        if resized_at is not None and place > resized_at + max(widths):
            allowed = widths[1]
        place += len(update) + 1
        print(update)
        if len(update) >= allowed and re.search(r"\d+/\d+|frame \d+:", update):
            sys.exit(f"{len(update)} characters in a window of {allowed}: {update}")
    if until is not None:
        sys.exit(f"never came: {until.pattern}")
    sys.exit(os.waitstatus_to_exitcode(status) not in (0, 75))


main()
