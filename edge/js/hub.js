// SQLite as the Hub sees it; edge/src/js.rs declares this.

// The rows of one statement. Bindings and rows cross as JSON: one crossing each way, whatever their number, and what
// comes back is read by type. Numbers are below 2^53: times in milliseconds and counts.
export function query(sql, statement, bindings) {
  return JSON.stringify(sql.exec(statement, ...JSON.parse(bindings)).raw().toArray());
}
