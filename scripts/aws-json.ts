import { AwsClient } from 'aws4fetch';

/** Calls of AWS's JSON protocols, signed, against one endpoint: what stories and tests need of many services in few lines. */
export const awsJson = (endpoint: string) => {
  const client = (service: string) =>
    new AwsClient({ accessKeyId: 'test', secretAccessKey: 'test', region: 'us-east-1', service, retries: 0 });
  /** `target` is the X-Amz-Target, for example `AmazonSQS.ListQueues`. Throws with the service's error. */
  return async <T = Record<string, unknown>>(service: string, target: string, body: object): Promise<T> => {
    const response = await client(service).fetch(`${endpoint}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${target}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : {}) as T;
  };
};
export type AwsJson = ReturnType<typeof awsJson>;
