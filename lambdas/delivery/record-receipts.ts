import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { MANY_COMPLAIN, PLAN_STOPPED, type Verdict } from '../../core/delivery/plan-health.ts';
import type { Receipt } from '../../core/delivery/receipt.ts';
import { readReceipts } from '../../core/delivery/receipts/read-receipts.ts';
import { contacts } from '../adapters/contacts.ts';
import { definitions } from '../adapters/definitions.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { appendRows } from '../adapters/lake.ts';
import { ledger } from '../adapters/ledger.ts';
import { sendOwnEvents } from '../adapters/own-events.ts';
import { planHealths } from '../adapters/plan-healths.ts';
import { suppressions } from '../adapters/suppressions.ts';
import { countMetric } from '../middleware/count-metric.ts';
import { noteFailures } from '../middleware/note-failures.ts';
import { readEnv } from '../middleware/read-env.ts';
import { logFailure, parseRecords } from '../middleware/sqs-records.ts';
import { noteReceipts, type ReceiptPorts } from './note-receipts.ts';
import { env } from './record-receipts.env.ts';

const environment = readEnv(env);
const { CONTACTS_TABLE, LEDGER_TABLE, OUTCOMES_STREAM, DEFINITIONS_TABLE, AUDIT_TABLE, METRICS_NAMESPACE } =
  environment;
const erased = erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN);
const store = { defs: definitions(DEFINITIONS_TABLE), auditTable: AUDIT_TABLE };

const tell = (metric: string, plan: { planKind: string; planId: string }, verdict: Verdict) => {
  const said = { plan: `${plan.planKind}/${plan.planId}`, ...verdict };
  console.warn({ message: 'Many complain about a plan', ...said });
  countMetric(METRICS_NAMESPACE, metric, Date.now(), said);
};

const ports: ReceiptPorts = {
  now: () => Date.now(),
  append: (rows) => appendRows(OUTCOMES_STREAM, rows),
  suppressions: suppressions(CONTACTS_TABLE, contacts(CONTACTS_TABLE)),
  ledger: ledger(LEDGER_TABLE),
  tell: (events) => sendOwnEvents(environment.INTAKE_QUEUE_URL, events),
  healths: planHealths(LEDGER_TABLE),
  warn: (plan, verdict) => tell(MANY_COMPLAIN, plan, verdict),
  stopPlan: async (plan, verdict) => {
    const { stopPlan } = await import('./stop-plan.ts');
    const stopped = await stopPlan(store, plan, verdict, Date.now());
    tell(PLAN_STOPPED, plan, verdict);
    return stopped;
  },
};

/** What SES publishes to a topic when it is made its destination, as plain text. */
const GREETING = /^Successfully validated SNS topic/;

/**
 * Consumes the receipts queue: what SNS delivers raw, events of EventBridge, and receipts as such. Running it twice is safe: see
 * note-receipts.ts. What cannot be read goes to the dead letters by itself, and why is noted for who looks at them.
 */
export const handler = async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
  const { received, broken } = parseRecords<Record<string, unknown>>(
    Records.filter(({ body }) => !GREETING.test(body)),
  );
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
  await noteFailures(environment.FAILURES_TABLE, again);
  return { batchItemFailures: again.map(({ messageId }) => ({ itemIdentifier: messageId })) };
};
