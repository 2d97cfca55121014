/** What came back: a status, or why nothing did. */
export type WebhookAnswer = { status: number; retryAfterSeconds?: number } | { error: string };

/** What one attempt means. `retry`: again after so many seconds; `gone`: the receiver wants no more; `failed`: given up. */
export type WebhookVerdict =
  | { kind: 'delivered' }
  | { kind: 'gone' }
  | { kind: 'retry'; afterSeconds: number }
  | { kind: 'failed' };

/**
 * Pauses after a failed attempt, in seconds: 30 s, 5 min, 30 min, 2 h, 5 h and 10 h, so seven attempts in 17.6 hours. SQS
 * hides a message for at most 12 hours.
 */
export const PAUSES = [30, 300, 1_800, 7_200, 18_000, 36_000] as const;
export const MAX_ATTEMPTS = PAUSES.length + 1;
const LONGEST_SECONDS = 11 * 3_600;

/**
 * 2xx is delivered, 410 ends the endpoint, everything else is tried again: redirects too, which are not followed. A receiver
 * that names a later time by Retry-After gets it. `random` (0 to 1) spreads attempts over a tenth of the pause.
 */
export const verdictOn = (answer: WebhookAnswer, attempt: number, random: number): WebhookVerdict => {
  if ('status' in answer && answer.status >= 200 && answer.status < 300) return { kind: 'delivered' };
  if ('status' in answer && answer.status === 410) return { kind: 'gone' };
  const pause = PAUSES[attempt - 1];
  if (pause === undefined) return { kind: 'failed' };
  const asked = 'status' in answer ? (answer.retryAfterSeconds ?? 0) : 0;
  const afterSeconds = Math.min(LONGEST_SECONDS, Math.max(asked, Math.round(pause * (1 + random / 10))));
  return { kind: 'retry', afterSeconds };
};

/** Seconds of a Retry-After header, which is a number or a date; undefined for anything else. */
export const retryAfterOf = (header: string | undefined, nowMs: number): number | undefined => {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, Math.ceil((dateMs - nowMs) / 1_000));
};

/** What became of one webhook at one endpoint, as the API tells it; what was sent is not kept. */
export type WebhookDelivery = {
  id: string;
  type: string;
  /** `retrying`: there will be another attempt. `skipped`: the endpoint was not enabled. */
  result: 'delivered' | 'retrying' | 'failed' | 'gone' | 'skipped';
  attempts: number;
  /** When the last attempt was made, and how long it took. */
  lastMs: number;
  tookMs: number;
  /** HTTP status of the last attempt, if there was an answer. */
  status?: number;
  error?: string;
};
