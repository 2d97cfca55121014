import type { AwsAnswer, AwsRequest } from '../test/lambdas/adapters/aws.ts';

type Provided = { answer: AwsAnswer; messages: number };

const SECRET = JSON.stringify({ current: 'a', a: 'not-a-secret-of-anybody-but-long-enough' });

/** What SES, SMS and push answer when they take everything, and the secret of links; undefined for other services. */
export const answerAsProvider = ({ path, headers, body }: AwsRequest): Provided | undefined => {
  const target = String(headers['x-amz-target'] ?? '');
  if (target === 'secretsmanager.GetSecretValue') return { answer: { body: { SecretString: SECRET } }, messages: 0 };
  if (target.endsWith('SendTextMessage')) return { answer: { body: { MessageId: 'sms' } }, messages: 1 };
  if (path === '/v2/email/outbound-bulk-emails') {
    const { BulkEmailEntries } = body as { BulkEmailEntries: unknown[] };
    const BulkEmailEntryResults = BulkEmailEntries.map(() => ({ Status: 'SUCCESS', MessageId: 'email' }));
    return { answer: { body: { BulkEmailEntryResults } }, messages: BulkEmailEntries.length };
  }
  if (path.startsWith('/v1/apps/')) {
    const tokens = Object.keys((body as { Addresses: object }).Addresses);
    const result = { DeliveryStatus: 'SUCCESSFUL', StatusCode: 200, MessageId: 'push' };
    const Result = Object.fromEntries(tokens.map((token) => [token, result]));
    return { answer: { body: { ApplicationId: 'app', Result } }, messages: tokens.length };
  }
  return undefined;
};
