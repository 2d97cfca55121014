import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Receipt } from '../../core/delivery/receipt.ts';
import { readReceipts } from '../../core/delivery/receipts/read-receipts.ts';
import { contacts } from '../adapters/contacts.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { appendRows } from '../adapters/lake.ts';
import { ledger } from '../adapters/ledger.ts';
import { suppressions } from '../adapters/suppressions.ts';
import { readEnv } from '../middleware/read-env.ts';
import { logFailure, parseRecords } from '../middleware/sqs-records.ts';
import { noteReceipts, type ReceiptPorts } from './note-receipts.ts';
import { env } from './record-receipts.env.ts';

const { CONTACTS_TABLE, LEDGER_TABLE, OUTCOMES_STREAM, ERASURES_TABLE, ERASURE_KEY_ARN } = readEnv(env);
const erased = erasedPeople(ERASURES_TABLE, ERASURE_KEY_ARN);
const ports: ReceiptPorts = {
  now: () => Date.now(),
  append: (rows) => appendRows(OUTCOMES_STREAM, rows),
  suppressions: suppressions(CONTACTS_TABLE, contacts(CONTACTS_TABLE)),
  ledger: ledger(LEDGER_TABLE),
};

/**
 * Consumes the receipts queue: what SNS delivers raw, events of EventBridge, and what Herald hears itself. Running it twice is
 * safe: see note-receipts.ts. What cannot be read goes to the dead letters by itself.
 */
export const handler = async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
  const { received, broken } = parseRecords<Record<string, unknown>>(Records);
  const again: SQSRecord[] = [...broken];
  const receipts: Receipt[] = [];
  for (const { record, message } of received) {
    try {
      receipts.push(...readReceipts(message));
    } catch (error) {
      logFailure(record, error);
      again.push(record);
    }
  }
  await noteReceipts(ports, receipts, await erased());
  return { batchItemFailures: again.map(({ messageId }) => ({ itemIdentifier: messageId })) };
};
