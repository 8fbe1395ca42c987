// Adds up cost by agent over a file of events, eleven columns given, and prints the
// number of events and the whole cost.
const { DuckDBInstance } = require('@duckdb/node-api');

const columns = `{ts: 'DOUBLE', session_id: 'VARCHAR', run_id: 'VARCHAR', parent_run_id: 'VARCHAR', seq: 'BIGINT',
  event_type: 'VARCHAR', agent_name: 'VARCHAR', model: 'VARCHAR', input_tokens: 'BIGINT', output_tokens: 'BIGINT', cost_usd: 'DOUBLE'}`;

(async () => {
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  const path = process.argv[2].replaceAll("'", "''");
  const told = await db.runAndReadAll(
    `SELECT agent_name, sum(cost_usd), count(*) FROM read_json('${path}', format = 'newline_delimited', columns = ${columns}) GROUP BY 1`);
  let events = 0;
  let cost = 0;
  for (const row of told.getRows()) {
    cost += row[1] ?? 0;
    events += Number(row[2]);
  }
  console.log(events, cost.toFixed(4));
})();
