import { createHmac } from 'node:crypto';
import { region } from './signed-client.ts';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/**
 * The fields of a form that S3 takes from a browser or curl ("Authenticating Requests: Browser-Based Uploads Using POST",
 * AWS Signature Version 4). Every field is a condition of the policy, which S3 checks together with its signature.
 */
export const signPolicy = (
  fields: Record<string, string>,
  conditions: readonly unknown[],
  nowMs: number,
  expiresMs: number,
): Record<string, string> => {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN } = process.env;
  const stamp = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = [stamp.slice(0, 8), region, 's3', 'aws4_request'];
  const signed: Record<string, string> = {
    ...fields,
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': [AWS_ACCESS_KEY_ID, ...scope].join('/'),
    'x-amz-date': stamp,
    ...(AWS_SESSION_TOKEN && { 'x-amz-security-token': AWS_SESSION_TOKEN }),
  };
  const document = {
    expiration: new Date(expiresMs).toISOString(),
    conditions: [...Object.entries(signed).map(([name, value]) => ({ [name]: value })), ...conditions],
  };
  const policy = Buffer.from(JSON.stringify(document)).toString('base64');
  const signingKey = scope.reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${AWS_SECRET_ACCESS_KEY}`);
  return { ...signed, policy, 'x-amz-signature': hmac(signingKey, policy).toString('hex') };
};
