import { cached } from '../adapters/cache.ts';
import { secretText } from '../adapters/secrets.ts';
import { customEndpoint } from '../adapters/signed-client.ts';
import { wechatChannel } from '../adapters/wechat.ts';
import { readEnv } from '../middleware/read-env.ts';
import { sendBatch } from './send-batch.ts';
import { env } from './send-wechat.env.ts';

const environment = readEnv(env);
/** A secret that an operator puts in acts within five minutes. */
const secret = cached(300_000, secretText);

/** Consumes both lanes' queues of this channel. Running it twice is safe by the ledger. */
export const handler = sendBatch(
  environment,
  wechatChannel({
    ...(environment.WECHAT_APP_ID !== 'none' && { appId: environment.WECHAT_APP_ID }),
    secret: () => secret(environment.WECHAT_SECRET_ARN),
    // Where AWS is elsewhere, so is WeChat: the local cloud.
    endpoint: process.env.AWS_ENDPOINT_URL_WECHAT ?? customEndpoint ?? environment.WECHAT_ENDPOINT,
  }),
);
