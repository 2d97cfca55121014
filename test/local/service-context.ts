import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { virtualClock } from '../../local/clock.ts';
import { bill, createMeter } from '../../local/meter.ts';
import type { Context, InvokeResult, Service, ServiceRequest, ServiceResponse, Services } from '../../local/types.ts';

export type Delivery = { target: string; payload: unknown; options?: object };

/** A context for one service alone: memory, virtual time from 2026-03-01, and a record of what was delivered. */
export const serviceContext = (startMs = Date.parse('2026-03-01T12:00:00Z')) => {
  const clock = virtualClock(startMs);
  const meter = createMeter();
  const deliveries: Delivery[] = [];
  const lambda = { answer: (_event: unknown): InvokeResult | Promise<InvokeResult> => ({ ok: true, value: null }) };
  const context: Context = {
    clock,
    meter,
    store: new DatabaseSync(':memory:'),
    dataDir: mkdtempSync(join(tmpdir(), 'herald-test-')),
    region: 'us-east-1',
    account: '123456789012',
    endpoint: () => 'http://127.0.0.1:4566',
    services: {
      lambda: { invoke: async (_arn: string, event: unknown) => lambda.answer(event) },
      deliver: async (target: string, payload: unknown, options?: object) => {
        deliveries.push({ target, payload, ...(options && { options }) });
      },
    } as unknown as Services,
  };
  return { context, clock, deliveries, lambda, billed: () => bill(meter.snapshot()).items };
};

type Call = {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  action?: string;
  body?: string | Buffer | object;
};

/** Calls a service as the front door does. `path` may carry a query. */
export const call = (service: Service, { method = 'POST', path = '/', headers = {}, action = '', body = '' }: Call) => {
  const bytes = Buffer.from(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  const url = new URL(path, 'http://localhost');
  const stream = Object.assign(Readable.from(bytes.length > 0 ? [bytes] : []), {
    method,
    url: path,
    headers,
    socket: { remoteAddress: '127.0.0.1' },
  });
  return service.handle({
    method,
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers,
    action,
    body: async () => bytes,
    stream: stream as unknown as ServiceRequest['stream'],
  });
};

/** Body of an answer as text. */
export const textOf = async ({ body = '' }: ServiceResponse): Promise<string> => {
  if (body instanceof Readable) return Buffer.concat(await body.toArray()).toString();
  return typeof body === 'string' || Buffer.isBuffer(body) ? body.toString() : JSON.stringify(body);
};
/** Body of a JSON answer. */
export const jsonOf = async <T = Record<string, unknown>>(
  response: Promise<ServiceResponse> | ServiceResponse,
): Promise<T> => JSON.parse(await textOf(await response)) as T;

export const create = (service: Service, type: string, logicalId: string, properties: object = {}) => {
  const handler = service.resources[type];
  if (!handler) throw new Error(`No handler for ${type}`);
  const odd = Object.keys(properties).filter((name) => ![...handler.supported, ...handler.ignored].includes(name));
  if (odd.length > 0) throw new Error(`Unsupported properties of ${type}: ${odd}`);
  return handler.create({ logicalId, stack: 'Herald-local', properties: properties as Record<string, unknown> });
};
