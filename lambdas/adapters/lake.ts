import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';

const firehose = new FirehoseClient({ maxAttempts: 5 });

/** Firehose rounds each record up to 5 KB, so rows travel together: up to this much newline-separated JSON a record. */
const RECORD_BYTES = 900_000;

/** Appends rows to a table of the lake. Resolves when Firehose holds all of them durably; at least once. */
export const appendRows = async (stream: string, rows: readonly object[]): Promise<void> => {
  let lines: string[] = [];
  let bytes = 0;
  const records: Uint8Array[] = [];
  for (const row of rows) {
    const line = `${JSON.stringify(row)}\n`;
    const size = Buffer.byteLength(line);
    if (bytes + size > RECORD_BYTES && lines.length > 0) {
      records.push(Buffer.from(lines.join('')));
      lines = [];
      bytes = 0;
    }
    lines.push(line);
    bytes += size;
  }
  if (lines.length > 0) records.push(Buffer.from(lines.join('')));
  // A call takes at most 4 MiB, so four records.
  for (let at = 0; at < records.length; at += 4) await putRecords(stream, records.slice(at, at + 4));
};

const putRecords = async (stream: string, records: Uint8Array[]): Promise<void> => {
  let left = records;
  for (let attempt = 1; left.length > 0; attempt += 1) {
    const { FailedPutCount, RequestResponses = [] } = await firehose.send(
      new PutRecordBatchCommand({ DeliveryStreamName: stream, Records: left.map((Data) => ({ Data })) }),
    );
    if (!FailedPutCount) return;
    if (attempt === 4) throw new Error(`Firehose refused ${FailedPutCount} records of ${stream}`);
    left = left.filter((_, n) => RequestResponses[n]?.ErrorCode);
  }
};
