import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/**
 * CloudWatch keeps what is logged for a month, whoever was erased. An error that is thrown is logged by who catches it; a
 * Problem is told to the caller only. What AWS or a provider words itself is theirs.
 */
const LOGGING = /console\.\w+\(|new (Error|RetryLater|\w*Failed|Busy|MoreTo\w+)\(|process\.stdout\.write\(/;
const PERSONAL =
  /\b(profileId|profile_id|anonymousId|alias|aliases|email|phone|pushToken|address|addresses|person|named)\b/;

/** A call from its first line to the one that closes it. */
const callsIn = (text: string): string[] => {
  const lines = text.split('\n');
  return lines.flatMap((line, n) => {
    if (!LOGGING.test(line) || /^\s*(\*|\/\/)/.test(line)) return [];
    const rest = lines.slice(n, n + 8).join('\n');
    const end = rest.search(/\);\s*(\n|$)/);
    return [end < 0 ? line : rest.slice(0, end)];
  });
};

test.each(
  readdirSync('lambdas', { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.ts')),
)('%s logs nothing about people', (file) => {
  const calls = callsIn(readFileSync(`lambdas/${file}`, 'utf8'));
  // What is said in plain words names nobody: only what is put into them, or beside them.
  const values = (call: string) =>
    call.replace(/'[^']*'/g, "''").replace(/`[^`]*`/g, (text) => (text.match(/\$\{[^}]*\}/g) ?? []).join());
  expect(calls.filter((call) => PERSONAL.test(values(call)))).toEqual([]);
});
