/** CSV with so many columns, in turn whole numbers, decimals and words, and so many rows. */
export function wideText(columnCount: number, rowCount: number): string {
  const columns = Array.from({ length: columnCount }, (_, column) => column);
  const valueOf = (row: number, column: number): string => {
    if (column % 3 === 0) return String(row * column);
    return column % 3 === 1 ? ((row * column) / 7).toFixed(3) : `w${(row * column) % 50}`;
  };
  const rows = Array.from({ length: rowCount }, (_, row) =>
    columns.map((column) => valueOf(row, column)).join(','),
  );
  return `${columns.map((column) => `c${column}`).join(',')}\n${rows.join('\n')}\n`;
}
