import type { IncomingMessage } from 'node:http';
import type { DatabaseSync } from 'node:sqlite';
import type { Readable } from 'node:stream';

/** Time as the local cloud sees it: the machine's, or virtual. All services and all handlers read this clock. */
export interface Clock {
  now(): number;
  /** Calls `run` when the clock reaches `atMs` (at once when it is past). Returns a function that cancels it. */
  at(atMs: number, run: () => void): () => void;
  /** Marks work in flight until the returned function is called: virtual time stands still meanwhile. */
  enter(): () => void;
}

/** Counts what AWS would bill. `operation` names the request, `units` are the billed units of `item` (see meter.ts). */
export interface Meter {
  count(item: string, units: number, operation: string): void;
}

/** What every service of the local cloud gets. `services` is complete once the cloud has booted. */
export type Context = {
  clock: Clock;
  /** Durable state: SQLite in memory, or in the --persist folder. Each service makes its own tables. */
  store: DatabaseSync;
  meter: Meter;
  /** Folder for files (S3 objects): temporary, or in the --persist folder. */
  dataDir: string;
  region: string;
  account: string;
  /** http://127.0.0.1:port of the front door; the AWS endpoint that handlers use. */
  endpoint: () => string;
  services: Services;
};

export type InvokeResult = { ok: true; value: unknown } | { ok: false; errorType: string; errorMessage: string };

/** Calls between services inside the local cloud. Each property is set by the file that bears its name. */
export interface Services {
  lambda: {
    /**
     * Synchronous invocation; function errors and time-outs are results, not exceptions. `mayWait`: the caller keeps nothing
     * else in flight, so virtual time moves while the handler does nothing but wait; without it such a handler fails.
     */
    invoke(functionArn: string, event: unknown, options?: { mayWait?: boolean }): Promise<InvokeResult>;
    /** Asynchronous invocation: two retries, then the function's on-failure destination. Resolves when accepted. */
    invokeAsync(functionArn: string, event: unknown): Promise<void>;
    /** How many invocations of it run at the same time here. */
    concurrency(functionArn: string): number;
  };
  sqs: {
    send(queueArn: string, body: string, options?: { group?: string; attributes?: Record<string, string> }): void;
  };
  states: {
    start(machineArn: string, input: string, name?: string): { executionArn: string };
  };
  /** Events of AWS services, which cost nothing. */
  bus: { put(busName: string, event: { source: string; detailType: string; detail: unknown }): void };
  sns: { publish(topicArn: string, message: string): void };
  s3: {
    /** Absolute path of the file that holds the object. */
    file(bucket: string, key: string): string;
    put(bucket: string, key: string, body: Buffer | string): void;
    get(bucket: string, key: string): Buffer | undefined;
    keys(bucket: string, prefix: string): string[];
    /** Moves a finished file of this machine into the bucket. */
    adopt(bucket: string, key: string, path: string): void;
  };
  athena: {
    /** Runs to the end. `state` is SUCCEEDED or FAILED with a reason, as GetQueryExecution would say. */
    run(query: {
      sql: string;
      database: string;
      workGroup: string;
    }): Promise<{ id: string; execution: Record<string, unknown>; state: 'SUCCEEDED' | 'FAILED'; reason: string }>;
  };
  /** Hands a payload to any target by ARN: Lambda (async), SQS, Step Functions, Firehose or a bus. */
  deliver(targetArn: string, payload: unknown, options?: { group?: string; roleArn?: string }): Promise<void>;
}

export type ServiceRequest = {
  method: string;
  /** Decoded path without query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  /** Operation from X-Amz-Target, without its prefix; '' for REST services. */
  action: string;
  /** Body read whole; S3 and the HTTP API get `stream` too, before it is read. */
  body: () => Promise<Buffer>;
  stream: IncomingMessage;
};
export type ServiceResponse = {
  status?: number;
  headers?: Record<string, string>;
  /** Objects are sent as JSON. */
  body?: string | Buffer | Readable | object;
};

/** An error as the AWS service documents it: the front door encodes it in the service's protocol. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** How one CloudFormation resource type is made locally. */
export type ResourceHandler = {
  /** Properties that take effect. */
  supported: string[];
  /** Properties that change nothing here (tags, encryption, names). Any other property is refused at boot. */
  ignored: string[];
  /** `ref` is what Ref gives, `attributes` what Fn::GetAtt gives. Called once all references in it are resolved. */
  create(resource: { logicalId: string; stack: string; properties: Record<string, unknown> }): {
    ref: string;
    attributes?: Record<string, string>;
  };
};

/** One file of local/ = one service: what it answers on the wire, and which resources it makes. */
export type Service = {
  /** Signing name in the credential scope (`sqs`, `states`, `athena`, `ses` …). */
  signingName: string;
  handle(request: ServiceRequest): Promise<ServiceResponse>;
  resources: Record<string, ResourceHandler>;
  /** Called once after all resources exist: start pollers, resume what --persist left. */
  start?(): Promise<void> | void;
  stop?(): Promise<void> | void;
};
