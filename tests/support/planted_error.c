/* What valgrind must find on the last rank: memory read before it is set, written past its end, and lost. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static int *volatile lost; /* the address of the last piece alone */

int main(int arguments, char **values) {
    MPI_Init(&arguments, &values);
    int rank, ranks;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (rank == ranks - 1) {
        for (int i = 0; i < 3; i++) lost = malloc(10 * sizeof *lost);
        volatile int *numbers = lost;
        if (numbers == NULL) return 3;
        if (numbers[arguments] == 7) puts("seven"); /* there is one argument, which the compiler does not know */
        numbers[arguments + 9] = 7;
    }
    MPI_Finalize();
    return 0;
}
