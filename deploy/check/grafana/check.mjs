// Parses TraceQL by Grafana's own grammar: standard input is a JSON array of [where, query]; names those that do not parse.
import { readFileSync } from 'node:fs';
import { parser } from '@grafana/lezer-traceql';

let wrong = 0;
for (const [where, query] of JSON.parse(readFileSync(0, 'utf8'))) {
  parser.parse(query).iterate({
    enter: (node) => {
      if (node.type.isError) {
        console.error(`  ${where}: ${query} is no TraceQL at character ${node.from}`);
        wrong += 1;
      }
    },
  });
}
process.exit(wrong ? 1 : 0);
