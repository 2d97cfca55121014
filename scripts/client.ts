/** A small client for the stories and tests: JSON in, JSON out, and the status is always looked at. */
export type Reply<T = Record<string, unknown>> = { status: number; body: T; headers: Headers };

export type CallOptions = {
  /** A JWT of a person. */
  token?: string;
  /** The API key of a source. */
  apiKey?: string;
  body?: unknown;
  idempotencyKey?: string;
};

export const client = (url: string) => {
  const call = async <T = Record<string, unknown>>(route: string, options: CallOptions = {}): Promise<Reply<T>> => {
    const [method, path] = route.split(' ') as [string, string];
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(options.token && { authorization: `Bearer ${options.token}` }),
        ...(options.apiKey && { 'x-api-key': options.apiKey }),
        ...(options.idempotencyKey && { 'idempotency-key': options.idempotencyKey }),
        ...(options.body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(options.body !== undefined && {
        body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body),
      }),
    });
    const text = await response.text();
    return { status: response.status, body: (text ? JSON.parse(text) : {}) as T, headers: response.headers };
  };
  /** Like `call`, and throws with the problem's text unless the status is one of 2xx. */
  const must = async <T = Record<string, unknown>>(route: string, options: CallOptions = {}): Promise<T> => {
    const { status, body } = await call<T>(route, options);
    if (status < 200 || status > 299) throw new Error(`${route}: ${status} ${JSON.stringify(body)}`);
    return body;
  };
  return { call, must };
};
export type Client = ReturnType<typeof client>;

/** Where a file goes: an address and the fields of a form (POST /v1/imports answers it as `upload`). */
export type Upload = { url: string; fields: Record<string, string> };
export const uploadFile = async ({ url, fields }: Upload, file: string | Uint8Array | Blob): Promise<void> => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', file instanceof Blob ? file : new Blob([file as string]));
  const response = await fetch(url, { method: 'POST', body: form });
  if (!response.ok) throw new Error(`upload: ${response.status} ${await response.text()}`);
};
