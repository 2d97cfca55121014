import type { ChannelSender, Outgoing, SendResult } from '../../core/delivery/sender.ts';
import { bodyOf, secretsAt, type WebhookEndpoint, type WebhookSecrets } from '../../core/delivery/webhook.ts';
import { signedHeaders } from '../../core/delivery/webhook-signature.ts';
import { oneByOne } from './one-by-one.ts';
import { postWebhook } from './post-webhook.ts';

/** POSTs under way at once: of one worker, to all endpoints together. */
const CHUNK = 25;
/** Shorter than a hand-over may take: the whole chunk waits for its slowest answer. */
const TIMEOUT_MS = 10_000;

export type WebhookPorts = {
  /** At most some seconds old. */
  endpointOf(endpointId: string): Promise<WebhookEndpoint | undefined>;
  secretsOf(endpointId: string): Promise<WebhookSecrets | undefined>;
  /** The endpoint answered 410: it wants no more. */
  gone(endpointId: string): Promise<void>;
  /** This machine may be posted to: the local cloud. */
  loopback: boolean;
};

/** 408 and 429 ask for another time; any other 4xx is a word on this very message. */
const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;

/**
 * Messages to another system, which reaches people in its own way: one signed POST each, as Standard Webhooks says. The
 * receiver knows a repeat by its `webhook-id`, so what got no answer may be tried again.
 */
export const webhookChannel = ({ endpointOf, secretsOf, gone, loopback }: WebhookPorts): ChannelSender<'webhook'> => {
  const post = async ({ id, atMs, profileId, content }: Outgoing<'webhook'>): Promise<SendResult> => {
    const { endpointId, fields } = content;
    const [endpoint, secrets] = await Promise.all([endpointOf(endpointId), secretsOf(endpointId)]);
    if (!endpoint?.enabled || !secrets) return { status: 'refused', reason: 'provider-refused' };
    const body = bodyOf({ endpointId, id, type: 'message', atMs, data: { profileId, fields } });
    const nowMs = Date.now();
    const headers = signedHeaders({ id, body }, secretsAt(secrets, nowMs), nowMs);
    const answer = await postWebhook(endpoint.url, headers, body, loopback, TIMEOUT_MS);
    if ('error' in answer) return { status: 'retry', reason: answer.error };
    const { status } = answer;
    if (status >= 200 && status < 300) return { status: 'sent', messageId: id };
    if (status === 410) await gone(endpointId);
    return isRefusal(status)
      ? { status: 'refused', reason: 'provider-refused' }
      : { status: 'retry', reason: `HTTP ${status}` };
  };

  const sendOne = (message: Outgoing<'webhook'>): Promise<SendResult> =>
    post(message).catch((error) => ({ status: 'retry', reason: String(error) }));

  return oneByOne('webhook', CHUNK, sendOne);
};
