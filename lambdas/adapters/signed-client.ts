import { AwsClient } from 'aws4fetch';

const { AWS_REGION = 'us-east-1', AWS_ENDPOINT_URL } = process.env;

export const region = AWS_REGION;
/** Where every service is, when it is not AWS: the local cloud. */
export const customEndpoint = AWS_ENDPOINT_URL;

/**
 * `fetch` with signed requests, for services of which Herald needs a call or two: their SDK clients would add up to 100 KB
 * to a handler. Lambda refreshes the credentials in the environment only by starting a new one, so they are read once.
 */
export const signedClient = (service: string, retries = 4): AwsClient =>
  new AwsClient({
    accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? '',
    ...(process.env.AWS_SESSION_TOKEN && { sessionToken: process.env.AWS_SESSION_TOKEN }),
    service,
    region,
    retries,
  });
