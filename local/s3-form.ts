import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AwsError } from './types.ts';

/** S3's own limit for all that comes before the file. */
const MAX_FIELDS_BYTES = 20_480;
const CRLF = '\r\n';

type Parts = ReturnType<typeof partsOf>;

/** Whether the request is a form with a file, which only S3 takes; such a request is signed in one of its fields. */
export const isForm = ({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean =>
  method === 'POST' && /^multipart\/form-data/i.test(headers['content-type'] ?? '');

export const formParts = (stream: IncomingMessage): Parts => {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;]+))/i.exec(stream.headers['content-type'] ?? '') ?? [];
  return partsOf(stream, `--${quoted ?? plain}`);
};

/** The fields of a form up to its file, names in lower case. What follows the file is ignored, as on S3. */
export const readFields = async (parts: Parts): Promise<Record<string, string>> => {
  const fields: Record<string, string> = {};
  await parts.until(CRLF);
  for (;;) {
    const head = (await parts.until(`${CRLF}${CRLF}`)).toString();
    const name = /name="([^"]*)"/i.exec(head)?.[1]?.toLowerCase();
    if (!name) throw new AwsError('InvalidArgument', 'POST requires exactly one file upload per request.', 400);
    if (name === 'file') return fields;
    fields[name] = (await parts.until(parts.end)).toString();
    await parts.until(CRLF);
  }
};

const partsOf = (stream: IncomingMessage, boundary: string) => {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const end = `${CRLF}${boundary}`;
  let held: Buffer = Buffer.alloc(0);
  let read = 0;
  const more = async () => {
    const { value, done } = await chunks.next();
    if (done) throw new AwsError('MalformedPOSTRequest', 'The body is not well-formed multipart/form-data', 400);
    held = Buffer.concat([held, value]);
  };
  return {
    end,
    /** What comes before the mark, which is read too. */
    async until(mark: string): Promise<Buffer> {
      let at = held.indexOf(mark);
      for (; at < 0; at = held.indexOf(mark)) {
        if (read + held.length > MAX_FIELDS_BYTES + 65_536)
          throw new AwsError('MaxPostPreDataLengthExceeded', 'The fields before the file are too large', 400);
        await more();
      }
      const before = held.subarray(0, at);
      held = held.subarray(at + mark.length);
      read += at;
      return before;
    },
    /** The file, as it comes. */
    async *file(): AsyncGenerator<Buffer> {
      for (let at = held.indexOf(end); at < 0; at = held.indexOf(end)) {
        // The boundary may begin in what is held.
        const sure = Math.max(0, held.length - end.length);
        if (sure > 0) yield held.subarray(0, sure);
        held = held.subarray(sure);
        await more();
      }
      yield held.subarray(0, held.indexOf(end));
    },
    /** Reads what is left, so that a client whose form is refused hears why. */
    async drain(): Promise<void> {
      held = Buffer.alloc(0);
      while (!(await chunks.next()).done);
    },
  };
};

const denied = (why: string) => new AwsError('AccessDenied', why, 403);

/**
 * Checks signature, expiration and conditions of a form as S3 does; gives how large its file may be. The local cloud's
 * secrets are the same texts as their key ids, so it can check a signature without knowing anybody.
 */
export const checkPolicy = (
  bucket: string,
  fields: Record<string, string>,
  nowMs: number,
): { min: number; max: number } => {
  const { policy = '', 'x-amz-signature': signature = '', 'x-amz-credential': credential = '' } = fields;
  if (!policy || !signature) throw denied('Access Denied');
  const [keyId = '', ...scope] = credential.split('/');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const signingKey = scope.reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${keyId}`);
  const [wanted, given] = [hmac(signingKey, policy), Buffer.from(signature, 'hex')];
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
    throw new AwsError('SignatureDoesNotMatch', 'The request signature we calculated does not match', 403);
  const { expiration, conditions } = JSON.parse(Buffer.from(policy, 'base64').toString()) as {
    expiration: string;
    conditions: (Record<string, string> | [string, string | number, string | number])[];
  };
  if (!(nowMs <= Date.parse(expiration))) throw denied('Invalid according to Policy: Policy expired.');

  const values: Record<string, string> = { ...fields, bucket };
  const covered = new Set(['policy', 'x-amz-signature']);
  const size = { min: 0, max: Number.POSITIVE_INFINITY };
  for (const condition of conditions) {
    const [operator, name, value] = Array.isArray(condition)
      ? condition
      : (['eq', ...Object.entries(condition).flat()] as [string, string, string]);
    if (operator === 'content-length-range') {
      Object.assign(size, { min: Number(name), max: Number(value) });
      continue;
    }
    const field = String(name).replace(/^\$/, '').toLowerCase();
    covered.add(field);
    const holds =
      operator === 'eq'
        ? values[field] === value
        : operator === 'starts-with' && values[field]?.startsWith(String(value));
    if (!holds) throw denied(`Invalid according to Policy: Policy Condition failed: ${JSON.stringify(condition)}`);
  }
  const extra = Object.keys(fields).find((name) => !covered.has(name) && !name.startsWith('x-ignore-'));
  if (extra) throw denied(`Invalid according to Policy: Extra input fields: ${extra}`);
  return size;
};

/** Passes the file on, and throws as soon as it is too large, or at its end when it is too small. */
export async function* within({ min, max }: { min: number; max: number }, file: AsyncIterable<Buffer>) {
  let bytes = 0;
  for await (const chunk of file) {
    bytes += chunk.length;
    if (bytes > max)
      throw new AwsError(
        'EntityTooLarge',
        `Your proposed upload exceeds the maximum allowed size of ${max} bytes`,
        400,
      );
    yield chunk;
  }
  if (bytes < min) throw new AwsError('EntityTooSmall', `Your proposed upload is smaller than ${min} bytes`, 400);
}
