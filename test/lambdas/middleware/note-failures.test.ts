import type { SQSRecord } from 'aws-lambda';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startAws } from '../adapters/aws.ts';

let stop: () => Promise<void>;
let note: typeof import('../../../lambdas/middleware/note-failures.ts').noteFailures;
let records: typeof import('../../../lambdas/middleware/sqs-records.ts');
let failuresOf: typeof import('../../../lambdas/adapters/failures.ts').failuresOf;
beforeAll(async () => {
  stop = await startAws({ failures: ['messageId'] });
  note = (await import('../../../lambdas/middleware/note-failures.ts')).noteFailures;
  records = await import('../../../lambdas/middleware/sqs-records.ts');
  failuresOf = (await import('../../../lambdas/adapters/failures.ts')).failuresOf;
});
afterAll(() => stop());

const record = (messageId: string, receives: number): SQSRecord =>
  ({ messageId, body: '{}', attributes: { ApproximateReceiveCount: String(receives) } }) as SQSRecord;
const failed = (messageId: string, receives: number, message = 'No') => {
  const one = record(messageId, receives);
  records.rememberError(one, new TypeError(message));
  return one;
};
const noted = (...ids: string[]) => failuresOf('failures', ids);

test('what fails a third time is noted with its last error, what only comes again is not', async () => {
  await note('failures', [failed('a', 2), failed('b', 3), record('c', 9)]);
  const found = await noted('a', 'b', 'c');
  expect([...found.keys()]).toEqual(['b']);
  await note('failures', [failed('b', 4, 'x'.repeat(2_000))]);
  expect((await noted('b')).get('b')).toMatchObject({ error: 'TypeError', message: 'x'.repeat(1_000), receives: 4 });
});

test('where it cannot be noted the log says so, and the batch goes on', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  await note('no-such-table', [failed('a', 3)]);
  expect(warn).toHaveBeenCalledWith(expect.objectContaining({ message: 'A failure is not noted', messageId: 'a' }));
  warn.mockRestore();
});

test('a record that is no JSON is remembered with what the parser says', () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const { broken } = records.parseRecords([{ ...record('d', 3), body: '{' }]);
  expect(records.errorOf(broken[0]!)?.name).toBe('SyntaxError');
  vi.restoreAllMocks();
});
