import { whatsappChannel } from '../adapters/whatsapp.ts';
import { readEnv } from '../middleware/read-env.ts';
import { sendBatch } from './send-batch.ts';
import { env } from './send-whatsapp.env.ts';

const environment = readEnv(env);

/** Consumes both lanes' queues of this channel. Running it twice is safe by the ledger. */
export const handler = sendBatch(environment, whatsappChannel(environment.WHATSAPP_ORIGINATION));
