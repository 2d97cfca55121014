import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Refusal = 'unprocessed' | 'refused';

/**
 * Stands before the DynamoDB of `startAws`, and answers BatchWriteItem as one that is under load as long as `refuse` says so.
 * Start it before adapters are imported.
 */
export const throttledDynamo = async () => {
  const behind = process.env.AWS_ENDPOINT_URL_DYNAMODB ?? '';
  const control: { refuse: (call: number) => Refusal | undefined; calls: number } = {
    refuse: () => undefined,
    calls: 0,
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const target = String(request.headers['x-amz-target']);
    const answer = (status: number, json: unknown) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(json));
    if (target.endsWith('BatchWriteItem')) {
      control.calls += 1;
      const refusal = control.refuse(control.calls);
      // An error that the SDK does not try again by itself, so that a test counts what the adapter does.
      if (refusal === 'refused') return answer(400, { __type: 'ValidationException', message: 'busy' });
      const { RequestItems } = JSON.parse(body.toString()) as { RequestItems: unknown };
      if (refusal === 'unprocessed') return answer(200, { UnprocessedItems: RequestItems });
    }
    const { authorization = '', 'x-amz-date': date = '' } = request.headers;
    const headers = {
      ...{ 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target },
      ...{ authorization, 'x-amz-date': String(date) },
    };
    const given = await fetch(behind, { method: 'POST', headers, body });
    answer(given.status, await given.json());
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  process.env.AWS_ENDPOINT_URL_DYNAMODB = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { control, stop };
};
