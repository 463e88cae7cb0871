/* Sums a matrix by rows, then by columns, then copies it transposed: three walks with known misses.
   256 x 32 doubles: a column touches 256 lines of 64 B, 256 B apart, so that they share a quarter of the sets. */
enum { ROWS = 256, COLS = 32 };
static double x[ROWS][COLS], y[COLS][ROWS];

int main(void) {
    double sum = 0;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLS; j++)
            sum += x[i][j];
    for (int j = 0; j < COLS; j++)
        for (int i = 0; i < ROWS; i++)
            sum += x[i][j];
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLS; j++)
            y[j][i] = x[i][j] + sum;
    return (int)y[3][5];
}
