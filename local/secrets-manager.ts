import { randomBytes } from 'node:crypto';
import { expectProperties } from './expect-properties.ts';
import { AwsError, type Context, type Service } from './types.ts';

type Generate = {
  PasswordLength?: number | string;
  ExcludePunctuation?: boolean;
  SecretStringTemplate?: string;
  GenerateStringKey?: string;
};

/** Secrets Manager: a secret is made with a random value, as CloudFormation has it made, and read. */
export const secretsManager = (ctx: Context): Service => {
  ctx.store.exec('CREATE TABLE IF NOT EXISTS secrets (arn TEXT PRIMARY KEY, value TEXT)');
  const insert = ctx.store.prepare('INSERT OR IGNORE INTO secrets VALUES (?, ?)');
  const select = ctx.store.prepare('SELECT value FROM secrets WHERE arn = ?');
  return {
    signingName: 'secretsmanager',
    async handle({ action, body }) {
      if (action !== 'GetSecretValue')
        throw new AwsError('UnknownOperationException', `The local Secrets Manager does not support ${action}`);
      const { SecretId } = JSON.parse((await body()).toString()) as { SecretId: string };
      ctx.meter.count('secret-read', 1, 'secretsmanager:GetSecretValue');
      const value = select.get(SecretId)?.value;
      if (value === undefined)
        throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
      return { body: { ARN: SecretId, SecretString: String(value) } };
    },
    resources: {
      'AWS::SecretsManager::Secret': {
        supported: ['GenerateSecretString'],
        ignored: ['Description', 'Tags'],
        create({ logicalId, stack, properties }) {
          const generate = properties.GenerateSecretString as Generate;
          // Letters and digits only, as many as asked for: what Secrets Manager gives without punctuation.
          expectProperties(logicalId, generate, { ExcludePunctuation: true });
          const length = Number(generate.PasswordLength ?? 32);
          const value = randomBytes(length * 2)
            .toString('base64')
            .replace(/[^A-Za-z0-9]/g, '')
            .slice(0, length);
          const { SecretStringTemplate: template, GenerateStringKey: member } = generate;
          const text = template && member ? JSON.stringify({ ...JSON.parse(template), [member]: value }) : value;
          const arn = `arn:aws:secretsmanager:${ctx.region}:${ctx.account}:secret:${stack}-${logicalId}`;
          insert.run(arn, text);
          return { ref: arn };
        },
      },
    },
  };
};
