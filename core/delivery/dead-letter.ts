/** A message of a dead-letter queue, as SQS gives it. */
export type DeadLetter = {
  id: string;
  body: string;
  /** When it was first sent; its 14 days count from then. */
  sentMs: number;
  /** MessageGroupId of the queue that it came from. */
  group?: string;
  /** ARN of the queue that gave it up. Absent: a function or schedule that failed wrote it. */
  sourceArn?: string;
  /** Message attributes, by which EventBridge and Scheduler say what went wrong. */
  attributes: Record<string, string>;
};

/** Why a message could not be handled, as its receiver noted the last time. */
export type Failure = { error: string; message: string; receives: number; atMs: number };

/** What a dead letter is about. Nobody is named: ids and values of people are in its payload only. */
export type LetterSubject = { kind: LetterKind; about: string; plan?: { kind: string; id: string } };
export const LETTER_KINDS = [
  'campaign-batch',
  'direct-message',
  'events',
  'timers',
  'participants',
  'stage-change',
  'webhook',
  'receipt',
  'invocation',
  'unknown',
] as const;
export type LetterKind = (typeof LETTER_KINDS)[number];

/** `from`: noted by the receiver, said by the letter itself, or known to nobody: the receiver died, or ran out of time. */
export type LetterReason = { from: 'receiver' | 'letter' | 'nobody'; error: string; message: string; atMs?: number };

/** What having it done again means. */
export type Again =
  | { by: 'queue'; arn: string }
  | { by: 'function'; arn: string; payload: unknown }
  | { by: 'state-machine'; arn: string }
  | { by: 'nothing'; why: string };

type Json = Record<string, unknown>;

const objectOf = (text: string): Json | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
};
const inner = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
/** Name of a function, without version, of a state machine, or of a queue. */
const nameOf = (arn: unknown): string => String(arn).split(':').slice(5, 7).at(-1) ?? String(arn);

const BROKEN: LetterSubject = { kind: 'unknown', about: 'a message that is no JSON object' };

export const subjectOf = ({ body, attributes }: DeadLetter): LetterSubject => {
  const json = objectOf(body);
  if (attributes.TARGET_ARN !== undefined) {
    const by = attributes.SCHEDULE_ARN ? 'a schedule' : 'a rule of the bus';
    return { kind: 'invocation', about: `${nameOf(attributes.TARGET_ARN)}, which ${by} could not reach` };
  }
  if (!json) return BROKEN;
  if (isFailedInvocation(json))
    return { kind: 'invocation', about: `${nameOf(inner(json.requestContext).functionArn)}, which failed` };
  if (json.kind === 'snapshot' || json.kind === 'direct') return sendSubject(json);
  if (Array.isArray(json.events)) {
    const types = [...new Set(json.events.map((event) => String(inner(event).type)))];
    const more = types.length > 5 ? ' and more' : '';
    const about = `${json.events.length} events of source ${json.source}: ${types.slice(0, 5).join(', ')}${more}`;
    return { kind: 'events', about };
  }
  if (Array.isArray(json.timers)) return { kind: 'timers', about: `${json.timers.length} timers that rang` };
  if (PARTICIPANTS.includes(json.kind)) return participantsSubject(json);
  if (typeof json.modelId === 'string' && typeof json.stage === 'string')
    return { kind: 'stage-change', about: `a lead of model ${json.modelId} came to stage ${json.stage}` };
  if (typeof json.endpointId === 'string')
    return { kind: 'webhook', about: `${json.type} to endpoint ${json.endpointId}, webhook-id ${json.id}` };
  // Of EventBridge, of SES or SMS by SNS, of WhatsApp by SNS.
  const heard = json['detail-type'] ?? json.eventType ?? (json.whatsAppWebhookEntry && 'WhatsApp');
  if (typeof heard === 'string') return { kind: 'receipt', about: `what a provider says of a message: ${heard}` };
  return { kind: 'unknown', about: 'a message of no known form' };
};

const PARTICIPANTS: readonly unknown[] = ['stimuli', 'everybody', 'enter-members', 'follow', 'begin-chain'];
const OF_A_JOURNEY: Record<string, string> = {
  everybody: 'everybody inside the journey is looked at',
  'enter-members': 'members of a segment enter the journey',
  'begin-chain': 'the schedule of the journey begins',
  follow: 'the next execution is to follow somebody who is traced',
};
const participantsSubject = ({ kind, journeyId, people }: Json): LetterSubject => {
  const about = OF_A_JOURNEY[String(kind)];
  if (about) return { kind: 'participants', about, plan: { kind: 'journey', id: String(journeyId) } };
  const count = Array.isArray(people) ? people.length : 0;
  return { kind: 'participants', about: `what happened to ${count} participants of journeys` };
};

const sendSubject = (json: Json): LetterSubject => {
  const { kind, id } = inner(json.plan);
  const plan = { kind: String(kind), id: String(id) };
  const step = `step ${Number(json.step) + 1} of its channels`;
  if (json.kind === 'direct')
    return { kind: 'direct-message', about: `one person, for an event ${inner(json.event).type}, ${step}`, plan };
  const wanted = Array.isArray(json.only) ? json.only.length : json.count;
  return { kind: 'campaign-batch', about: `batch ${json.batch} of ${json.part}, ${wanted} recipients, ${step}`, plan };
};

/** The record that Lambda writes about an asynchronous invocation that failed for good. */
const isFailedInvocation = (json: Json): boolean => typeof inner(json.requestContext).functionArn === 'string';

const TOLD = 500;

export const reasonOf = (letter: DeadLetter, failure: Failure | undefined): LetterReason => {
  if (failure) {
    const { error, message, receives, atMs } = failure;
    return { from: 'receiver', error, message: `${message} (receive ${receives})`, atMs };
  }
  const { ERROR_CODE, ERROR_MESSAGE } = letter.attributes;
  if (ERROR_CODE !== undefined || ERROR_MESSAGE !== undefined)
    return { from: 'letter', error: ERROR_CODE ?? '', message: (ERROR_MESSAGE ?? '').slice(0, TOLD) };
  const json = objectOf(letter.body);
  if (json && isFailedInvocation(json)) {
    const { errorType, errorMessage } = inner(json.responsePayload);
    const message = errorMessage ?? inner(json.requestContext).condition ?? '';
    return { from: 'letter', error: String(errorType ?? ''), message: String(message).slice(0, TOLD) };
  }
  if (!json) return { from: 'letter', error: 'NoJson', message: 'The message is no JSON object' };
  const message = 'No error was noted: the receiver was cut off or ran out of time. Its log says more.';
  return { from: 'nobody', error: '', message };
};

/**
 * What a redrive does with it. A message of a queue goes back into that queue, and into `intendedArn` what a topic or a rule
 * could not put there. What Lambda could not have done asynchronously, or a rule or schedule could not reach, is asked for again.
 */
export const againOf = ({ body, sourceArn, attributes }: DeadLetter, intendedArn?: string): Again => {
  const queueArn = sourceArn ?? intendedArn;
  if (queueArn !== undefined) return { by: 'queue', arn: queueArn };
  const json = objectOf(body);
  const { TARGET_ARN: target } = attributes;
  if (target?.split(':')[2] === 'states') return { by: 'state-machine', arn: target };
  if (target?.split(':')[2] === 'lambda' && json) return { by: 'function', arn: target, payload: json };
  if (json && isFailedInvocation(json)) {
    const arn = String(inner(json.requestContext).functionArn).split(':').slice(0, 7).join(':');
    if (json.requestPayload === undefined) return { by: 'nothing', why: 'Lambda kept no payload with it' };
    return { by: 'function', arn, payload: json.requestPayload };
  }
  return { by: 'nothing', why: 'Where it came from is not known' };
};
