import * as z from 'zod/mini';
import { sendBatchEnv } from './send-batch.env.ts';

export const env = z.object({
  ...sendBatchEnv,
  /** `none`: there is no account. */
  WECHAT_APP_ID: z.string(),
  WECHAT_SECRET_ARN: z.string(),
  /** Without a slash at its end. */
  WECHAT_ENDPOINT: z.url(),
});
