import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { isForm } from './s3-form.ts';
import { AwsError, type Clock, type Service, type ServiceRequest, type ServiceResponse } from './types.ts';

export type FrontDoor = { url: string; close(): Promise<void> };

/**
 * One HTTP server for all services: signed requests go to the service that the signature's credential scope names
 * (signatures are not checked), everything else to `web`. `ready` settles when the services may be asked.
 */
export const openFrontDoor = async (
  clock: Clock,
  services: Map<string, Service>,
  web: Service,
  ready: Promise<unknown>,
  port: number,
): Promise<FrontDoor> => {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const leave = clock.enter();
    try {
      // SDKs take a Date header that is far from their own clock for a skew, and retry refused calls because of it.
      response.sendDate = false;
      await ready;
      const url = new URL(request.url ?? '/', 'http://local');
      const signedFor = signingName(request, url);
      const service = signedFor === undefined ? web : services.get(signedFor);
      await write(response, await ask(service, signedFor, serviceRequest(request, url)));
    } catch (error) {
      console.error(error);
      response.destroy();
    } finally {
      leave();
    }
  };

  const server = createServer((request, response) => void answer(request, response));
  // Idle connections stay open: an SDK that reuses one in the moment it closes would see a reset.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/**
 * `Credential=<key>/<date>/<region>/<service>/aws4_request`, in the Authorization header or in a presigned URL; a form with a
 * file is signed inside and can only be for S3.
 */
const signingName = (request: IncomingMessage, url: URL): string | undefined => {
  if (isForm(request)) return 's3';
  const header = /Credential=([^,\s]+)/.exec(request.headers.authorization ?? '')?.[1];
  return (header ?? url.searchParams.get('X-Amz-Credential') ?? undefined)?.split('/')[3];
};

const serviceRequest = (request: IncomingMessage, url: URL): ServiceRequest => {
  let body: Promise<Buffer> | undefined;
  return {
    method: request.method ?? 'GET',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: request.headers,
    action: String(request.headers['x-amz-target'] ?? '').replace(/^.*\./, ''),
    body: () => (body ??= buffer(request)),
    stream: request,
  };
};

const ask = async (service: Service | undefined, signedFor = '', request: ServiceRequest): Promise<ServiceResponse> => {
  try {
    if (!service) throw new AwsError('UnknownOperationException', `The local cloud has no service ${signedFor}`, 404);
    return await service.handle(request);
  } catch (error) {
    if (!(error instanceof AwsError)) console.error(error);
    const { code, message, status } =
      error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);
    if (signedFor !== 's3') return { status, headers: { 'x-amzn-errortype': code }, body: { __type: code, message } };
    const text = message.replace(/[<>&]/g, (sign) => `&#${sign.charCodeAt(0)};`);
    const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${text}</Message></Error>`;
    return { status, headers: { 'content-type': 'application/xml' }, body };
  }
};

const write = async (response: ServerResponse, { status = 200, headers = {}, body = '' }: ServiceResponse) => {
  if (body instanceof Readable) {
    response.writeHead(status, headers);
    return pipeline(body, response);
  }
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  response.writeHead(status, {
    ...(bytes !== body && { 'content-type': 'application/x-amz-json-1.0' }),
    'content-length': Buffer.byteLength(bytes),
    ...headers,
  });
  await new Promise<void>((resolve) => response.once('close', resolve).end(bytes));
};
