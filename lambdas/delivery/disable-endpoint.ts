import type { WebhookEndpoint } from '../../core/delivery/webhook.ts';
import type { Definitions, Stored } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';

/** Whom the audit log names when an endpoint has asked to be left alone. */
const HERALD = 'herald';

/**
 * An endpoint that has answered 410 gets nothing more until somebody enables it. Throws VersionConflict when somebody changes
 * it right now: the next attempt sees what it then is.
 */
export const disableEndpoint = async (
  defs: Definitions,
  auditTable: string,
  { id, version, body }: Stored<WebhookEndpoint>,
  nowMs: number,
): Promise<void> => {
  const next: WebhookEndpoint = { ...body, enabled: false, goneMs: nowMs, version: version + 1 };
  const entry = {
    subject: `webhook-endpoint/${id}`,
    action: 'gone',
    actor: HERALD,
    atMs: nowMs,
    version: next.version,
  };
  const outbox = [{ effect: 'audit' as const, entry: { ...entry, detail: `${body.name}: it answered 410 Gone` } }];
  await saveDefinition(defs, 'webhook-endpoint', id, next, version, nowMs, outbox, { auditTable });
};
