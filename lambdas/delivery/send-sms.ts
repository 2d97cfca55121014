import { smsChannel } from '../adapters/sms.ts';
import { readEnv } from '../middleware/read-env.ts';
import { sendBatch } from './send-batch.ts';
import { env } from './send-sms.env.ts';

const environment = readEnv(env);

/** Consumes both lanes' queues of this channel. Running it twice is safe by the ledger. */
export const handler = sendBatch(
  environment,
  smsChannel(environment.SMS_ORIGINATION, environment.SMS_CONFIGURATION_SET),
);
