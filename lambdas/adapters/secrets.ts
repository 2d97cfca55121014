import { customEndpoint, region, signedClient } from './signed-client.ts';

const client = signedClient('secretsmanager');

/** The text of a secret of Secrets Manager. */
export const secretText = async (arn: string): Promise<string> => {
  const response = await client.fetch(customEndpoint ?? `https://secretsmanager.${region}.amazonaws.com/`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
    body: JSON.stringify({ SecretId: arn }),
  });
  if (!response.ok) throw new Error(`Secrets Manager: ${response.status} ${await response.text()}`);
  const { SecretString } = (await response.json()) as { SecretString?: string };
  if (!SecretString) throw new Error('The secret has no text');
  return SecretString;
};
