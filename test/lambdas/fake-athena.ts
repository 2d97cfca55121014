import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Of an action, as `StartQueryExecution`, and its input the output. */
export type AthenaAnswer = (action: string, input: Record<string, unknown>) => object;

/** Athena's API on loopback, as `answer` has it. Sets the environment, so handlers are imported after it. */
export const startAthena = async (answer: AthenaAnswer): Promise<{ stop(): Promise<void> }> => {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const action = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer(action, JSON.parse(Buffer.concat(chunks).toString()))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, { AWS_ENDPOINT_URL_ATHENA: url, ATHENA_WORK_GROUP: 'queries' });
  return {
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** A page of rows, the names of the columns first. Cells without text are null. */
export const resultSet = (rows: readonly (readonly (string | null)[])[]): object => ({
  ResultSet: {
    Rows: rows.map((row) => ({ Data: row.map((VarCharValue) => (VarCharValue === null ? {} : { VarCharValue })) })),
  },
});
