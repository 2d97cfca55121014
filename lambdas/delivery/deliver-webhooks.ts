import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { bodyOf, secretsAt, type WebhookEndpoint, type WebhookMessage } from '../../core/delivery/webhook.ts';
import { verdictOn, type WebhookDelivery, type WebhookVerdict } from '../../core/delivery/webhook-attempt.ts';
import { signedHeaders } from '../../core/delivery/webhook-signature.ts';
import { definitions } from '../adapters/definitions.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { hideFor } from '../adapters/message-visibility.ts';
import { postWebhook } from '../adapters/post-webhook.ts';
import { webhooks } from '../adapters/webhooks.ts';
import { noteFailures } from '../middleware/note-failures.ts';
import { readEnv } from '../middleware/read-env.ts';
import { logFailure, parseRecords, rememberError } from '../middleware/sqs-records.ts';
import { env } from './deliver-webhooks.env.ts';
import { disableEndpoint } from './disable-endpoint.ts';

const environment = readEnv(env);
const defs = definitions(environment.DEFINITIONS_TABLE);
const deliveries = webhooks(environment.WEBHOOKS_TABLE);
const loopback = environment.LOOPBACK_WEBHOOKS === 'allowed';

/** All of a batch: each waits for somebody else's answer. */
const PARALLEL = 10;

/**
 * Posts each webhook to its endpoint, signed. What fails stays in the queue, hidden for its pause, and is a dead letter after
 * the last attempt. Running it twice is safe: what is delivered is not posted again, and should the note of it be lost in a
 * crash, the receiver knows the webhook-id.
 */
export const handler = async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
  const { received, broken } = parseRecords<WebhookMessage>(Records);
  const failed = new Set(broken);
  await inParallel(PARALLEL, received, async ({ record, message }) => {
    try {
      const verdict = await deliver(record, message);
      if (verdict.kind === 'retry' || verdict.kind === 'failed') failed.add(record);
      await hide(record, verdict);
    } catch (error) {
      logFailure(record, error);
      failed.add(record);
    }
  });
  await noteFailures(environment.FAILURES_TABLE, failed);
  return { batchItemFailures: [...failed].map(({ messageId }) => ({ itemIdentifier: messageId })) };
};

/** After the last attempt there is nothing to wait for: the next receive makes it a dead letter. */
const hide = async (record: SQSRecord, verdict: WebhookVerdict): Promise<void> => {
  if (verdict.kind === 'retry') await hideFor(environment.OWN_QUEUE_URL, record, verdict.afterSeconds);
  if (verdict.kind === 'failed') await hideFor(environment.OWN_QUEUE_URL, record, 0);
};

const deliver = async (record: SQSRecord, message: WebhookMessage): Promise<WebhookVerdict> => {
  const attempt = Number(record.attributes.ApproximateReceiveCount);
  const { endpointId, id, type } = message;
  const [endpoint, known, signing] = await Promise.all([
    defs.get<WebhookEndpoint>('webhook-endpoint', endpointId),
    deliveries.delivery(endpointId, id),
    deliveries.secrets(endpointId),
  ]);
  if (known?.result === 'delivered') return { kind: 'delivered' };
  // Whoever asked for it named an endpoint that there is, and none is ever deleted: this is a fault, not a state.
  if (!endpoint || !signing) throw new Error(`There is no webhook endpoint ${endpointId}`);

  const startMs = Date.now();
  const about = { id, type, attempts: attempt, lastMs: startMs };
  if (!endpoint.body.enabled) {
    await deliveries.note(endpointId, { ...about, attempts: attempt - 1, tookMs: 0, result: 'skipped' });
    return { kind: 'delivered' };
  }
  const body = bodyOf(message);
  const headers = signedHeaders({ id, body }, secretsAt(signing.secrets, startMs), startMs);
  const answer = await postWebhook(endpoint.body.url, headers, body, loopback);
  const verdict = verdictOn(answer, attempt, Math.random());
  rememberError(record, new Error('error' in answer ? answer.error : `HTTP ${answer.status}`));
  if (verdict.kind === 'gone') await disableEndpoint(defs, environment.AUDIT_TABLE, endpoint, startMs);
  await deliveries.note(endpointId, {
    ...about,
    tookMs: Date.now() - startMs,
    result: RESULT[verdict.kind],
    ...answer,
  });
  return verdict;
};

const RESULT: Record<WebhookVerdict['kind'], WebhookDelivery['result']> = {
  delivered: 'delivered',
  retry: 'retrying',
  failed: 'failed',
  gone: 'gone',
};
