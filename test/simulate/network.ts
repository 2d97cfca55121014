import { AwsError, type Service, type ServiceRequest, type ServiceResponse } from '../../local/types.ts';
import type { Chance } from './chance.ts';
import type { Faults } from './faults.ts';
import type { SdkService, SignedRequest } from './machine.ts';
import type { Providers } from './providers.ts';
import type { Tables } from './tables.ts';
import type { Timeline } from './timeline.ts';
import { Transient, type Wire } from './wire.ts';

/** Attempts of the SDK's clients, as the adapters make them. */
const ATTEMPTS = 5;
const CHANNEL_OF: Record<string, string> = { ses: 'email', 'sms-voice': 'sms', 'social-messaging': 'whatsapp' };

type Input = Record<string, unknown>;
type Props = {
  timeline: Timeline;
  chance: Chance;
  faults: Faults;
  wire: Wire;
  tables: Tables;
  providers: Providers;
  services: Map<string, Service>;
  objects: Map<string, Buffer>;
  /** Rows by stream. */
  lake: Map<string, object[]>;
  /** A message has been sent to a queue. */
  send(queueUrl: string, entry: { MessageBody: string; MessageGroupId?: string }): void;
  invokeAsync(functionArn: string, payload: unknown): void;
  /** A state machine is to begin. */
  begin(machineArn: string, name: string, input: object): void;
  /** An in-app message is in somebody's inbox. */
  received(profileId: string, text: string): void;
};

const SECRETS: Record<string, string> = {
  'link-key': JSON.stringify({ current: 'a', a: 'k'.repeat(64) }),
  'erasure-key': 'k'.repeat(64),
};

/** Everything that a handler asks others for: by the SDK's clients, and by signed requests. */
export class Network {
  private readonly props: Props;

  constructor(props: Props) {
    this.props = props;
  }

  sdk(service: SdkService, action: string, input: Input): Promise<unknown> {
    const { wire } = this.props;
    if (service === 'pinpoint') return this.push(input);
    const of = String(
      input.TableName ?? input.QueueUrl ?? input.DeliveryStreamName ?? firstKey(input.RequestItems) ?? service,
    );
    const act = {
      dynamodb: () => this.dynamodb(action, input),
      sqs: () => this.sqs(action, input),
      firehose: () => this.firehose(input),
      states: () => this.states(action, input),
    };
    return wire.patient(ATTEMPTS, `${action} ${of} ${keyOf(input)}`, act[service], of);
  }

  private async dynamodb(action: string, input: Input): Promise<unknown> {
    const { tables, faults, received } = this.props;
    const [table, asked] = Object.entries((input.RequestItems ?? {}) as Record<string, unknown>)[0] ?? [];
    if (table !== undefined && faults.happens('partly-refused')) return this.someOf(action, table, asked);
    const answer = await tables.do(action, input);
    if (action === 'PutItem' && input.TableName === 'INBOX_TABLE') {
      const { profileId, body } = input.Item as Record<string, { S: string }>;
      received(profileId?.S ?? '', body?.S ?? '');
    }
    return answer;
  }

  /** DynamoDB does the first half of a batch, and leaves the rest. */
  private async someOf(action: string, table: string, asked: unknown): Promise<unknown> {
    const { tables } = this.props;
    const list = action === 'BatchGetItem' ? (asked as { Keys: unknown[] }).Keys : (asked as unknown[]);
    const wrap = (some: unknown[]) => (action === 'BatchGetItem' ? { ...(asked as object), Keys: some } : some);
    const half = Math.floor(list.length / 2);
    const left = { [table]: wrap(list.slice(half)) };
    const answer =
      half === 0
        ? { Responses: {} }
        : await tables.do(action, { RequestItems: { [table]: wrap(list.slice(0, half)) } });
    return { ...answer, ...(action === 'BatchGetItem' ? { UnprocessedKeys: left } : { UnprocessedItems: left }) };
  }

  private async sqs(action: string, input: Input): Promise<unknown> {
    const { send, faults, chance, services } = this.props;
    const url = String(input.QueueUrl);
    if (action === 'SendMessage') {
      send(url, input as never);
      return { MessageId: 'sent' };
    }
    if (action === 'SendMessageBatch') {
      const entries = input.Entries as { Id: string; MessageBody: string; MessageGroupId?: string }[];
      const isPartly = faults.happens('partly-refused');
      const failed = entries.filter(() => isPartly && chance.is(0.5));
      const taken = entries.filter((entry) => !failed.includes(entry));
      for (const entry of taken) send(url, entry);
      return {
        Successful: taken.map(({ Id }) => ({ Id })),
        Failed: failed.map(({ Id }) => ({ Id, Message: 'Not now' })),
      };
    }
    const request = { action, body: async () => Buffer.from(JSON.stringify(input)) } as ServiceRequest;
    return (await ask(services.get('sqs'), request)).body;
  }

  private firehose({ DeliveryStreamName, Records }: Input): unknown {
    const { lake, faults, chance } = this.props;
    const records = Records as { Data: Uint8Array }[];
    const isPartly = faults.happens('partly-refused');
    const RequestResponses = records.map(({ Data }) => {
      if (isPartly && chance.is(0.5)) return { ErrorCode: 'ServiceUnavailableException' };
      const lines = Buffer.from(Data).toString().split('\n').filter(Boolean);
      const rows = lines.map((line) => JSON.parse(line) as object);
      const stream = String(DeliveryStreamName);
      lake.set(stream, [...(lake.get(stream) ?? []), ...rows]);
      return { RecordId: 'r' };
    });
    return { FailedPutCount: RequestResponses.filter((one) => 'ErrorCode' in one).length, RequestResponses };
  }

  /** Nobody waits for a task here: the simulation's own state machine asks again now and then. */
  private states(action: string, { stateMachineArn, name, input }: Input): object {
    if (action === 'StartExecution') this.props.begin(String(stateMachineArn), String(name), JSON.parse(String(input)));
    return {};
  }

  /** SendMessages of Pinpoint, by the SDK's client, which tries once. */
  private async push(input: Input): Promise<unknown> {
    const { MessageRequest, ApplicationId } = input as { MessageRequest: object; ApplicationId: string };
    const body = async () => Buffer.from(JSON.stringify(MessageRequest));
    const request = { method: 'POST', path: `/v1/apps/${ApplicationId}/messages`, body } as ServiceRequest;
    let answer: ServiceResponse;
    try {
      answer = await this.provider('push', 'mobiletargeting', request);
    } catch (error) {
      const { cause, message, name } = error as Error & { cause?: { code?: string } };
      throw Object.assign(new Error(message), { name, ...(cause?.code && { code: cause.code }), $metadata: {} });
    }
    const { status = 200, headers } = answer;
    if (status === 200) return { MessageResponse: answer.body };
    throw Object.assign(new Error('Refused'), {
      name: headers?.['x-amzn-errortype'],
      $metadata: { httpStatusCode: status },
    });
  }

  private async provider(channel: string, signingName: string, request: ServiceRequest): Promise<ServiceResponse> {
    const { wire, providers, services } = this.props;
    const what = `provider ${channel}`;
    const act = (): Promise<ServiceResponse> => {
      const handle = (asked: ServiceRequest) => ask(services.get(signingName), asked);
      return channel === 'email' ? providers.someLater(request, handle) : handle(request);
    };
    const trouble = providers.trouble(channel);
    if (!trouble) return wire.exchange(what, act);
    if ('mishap' in trouble) return wire.exchange(`${what} ${trouble.mishap.applied}`, act, trouble.mishap);
    if ('answer' in trouble) return wire.exchange(`${what} ${trouble.answer.status}`, () => trouble.answer);
    return wire.exchange(`${what} 502`, async () => {
      await act();
      return trouble.gatewayAfterEffect;
    });
  }

  async fetch({ url, service, method, headers, body }: SignedRequest): Promise<unknown> {
    const { pathname, searchParams } = new URL(url);
    const target = Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-amz-target')?.[1] ?? '';
    const request = {
      ...{ method, path: decodeURIComponent(pathname), query: searchParams, headers },
      ...{ action: target.replace(/^.*\./, ''), body: async () => Buffer.from(body) },
    } as unknown as ServiceRequest;
    const channel = CHANNEL_OF[service];
    if (channel !== undefined) return responseOf(await this.provider(channel, service, request));
    return responseOf(await this.plain(service, request));
  }

  /** A request that is made again by whoever asks, when the answer says so. */
  private async plain(service: string, request: ServiceRequest): Promise<ServiceResponse> {
    const { wire } = this.props;
    const mishap = wire.mishap(service);
    const what = `${request.method} ${service} ${request.path}`;
    const act = () => this.answer(service, request);
    if (!mishap) return wire.exchange(what, act);
    // Half of what goes wrong is said by the service.
    const isSaid = mishap.error instanceof Transient && mishap.error.name !== 'TimeoutError';
    if (isSaid) return wire.exchange(`${what} 503`, () => ({ status: 503, body: 'Slow down' }));
    return wire.exchange(what, act, { ...mishap, error: new TypeError('fetch failed', { cause: mishap.error }) });
  }

  private async answer(service: string, request: ServiceRequest): Promise<ServiceResponse> {
    const { objects, services, invokeAsync } = this.props;
    const { method, path, headers } = request;
    const body = await request.body();
    if (service === 's3') {
      if (method === 'PUT') objects.set(path, body);
      const object = objects.get(path);
      if (!object) return { status: 404, body: 'NoSuchKey' };
      const [, first, last] = /bytes=(\d+)-(\d+)/.exec(String(headers.range)) ?? [];
      return { body: first === undefined ? object : object.subarray(Number(first), Number(last) + 1) };
    }
    if (service === 'secretsmanager') {
      const { SecretId } = JSON.parse(body.toString()) as { SecretId: string };
      return { body: { SecretString: SECRETS[SecretId] } };
    }
    if (service === 'lambda') {
      invokeAsync(path.split('/')[3] ?? '', JSON.parse(body.toString()));
      return { status: 202 };
    }
    return ask(services.get(service), request);
  }
}

const firstKey = (value: unknown): string | undefined => Object.keys((value ?? {}) as object)[0];
const keyOf = ({ Key, Item }: Input): string => {
  const item = (Key ?? Item ?? {}) as Record<string, { S?: string }>;
  return Object.values(item)
    .slice(0, 2)
    .map(({ S }) => S)
    .join(' ');
};

/** As the front door of the local cloud words errors. */
const ask = async (service: Service | undefined, request: ServiceRequest): Promise<ServiceResponse> => {
  try {
    if (!service) throw new Error('The simulation has no such service');
    return await service.handle(request);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const { code, message, status } = error;
    return { status, headers: { 'x-amzn-errortype': code }, body: { __type: code, message } };
  }
};

/** What of a Response the adapters use. */
const responseOf = ({ status = 200, headers = {}, body = '' }: ServiceResponse) => {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return {
    ...{ status, ok: status < 300, headers: new Headers(headers) },
    text: async () => bytes.toString(),
    json: async () => JSON.parse(bytes.toString()),
    arrayBuffer: async () => new Uint8Array(bytes).buffer,
    get body() {
      return new ReadableStream({
        start(controller) {
          controller.enqueue(new Uint8Array(bytes));
          controller.close();
        },
      });
    },
  };
};
