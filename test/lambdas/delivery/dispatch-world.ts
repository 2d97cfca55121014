import { CHANNELS, LANES, queueVariable } from '../../../core/delivery/channel.ts';
import type { SnapshotMessage } from '../../../core/delivery/messages.ts';
import { memoryServices, queueUrl, startAws } from '../adapters/aws.ts';

/** What dispatch-snapshot works with: its tables, buckets and queues in memory. `stop` ends it. */
export const startDispatching = async () => {
  const services = memoryServices();
  const stop = await startAws(
    {
      ...{ definitions: ['kind', 'id'], ledger: ['run', 'unit'], audit: ['subject', 'entry'], profiles: ['profileId'] },
      timers: ['bucket', 'timer'],
    },
    services.answer,
  );
  const names = { DEFINITIONS_TABLE: 'definitions', LEDGER_TABLE: 'ledger', AUDIT_TABLE: 'audit', WORK_BUCKET: 'work' };
  const schedules = { SCHEDULE_GROUP: 'g', WAKE_FUNCTION_ARN: 'f', WAKE_ROLE_ARN: 'r', WAKE_DEAD_LETTERS_ARN: 'd' };
  Object.assign(process.env, names, schedules, { TIMERS_TABLE: 'timers', OUTCOMES_STREAM: 'outcomes' });
  for (const channel of CHANNELS) {
    for (const lane of LANES) process.env[queueVariable(channel, lane)] = queueUrl(`${channel}-${lane}`.toUpperCase());
  }
  const defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  const { handler } = await import('../../../lambdas/delivery/dispatch-snapshot.ts');
  const progress = (await import('../../../lambdas/adapters/ledger.ts')).ledger('ledger');

  return {
    services,
    stop,
    defs,
    progress,
    /** Dispatches a run whose UNLOAD wrote these files; `msLeft` says the time that is left whenever it is asked. */
    dispatch: (runId: string, files: Record<string, Buffer>, msLeft = () => 600_000, campaignId = 'c1') => {
      for (const [name, body] of Object.entries(files)) services.objects.set(`/work/snapshots/${runId}/${name}`, body);
      // In no order, and quoted or not.
      const addresses = Object.keys(files).map((name) => `s3://work/snapshots/${runId}/${name}`);
      const text = addresses.map((address, n) => (n % 2 ? address : `"${address}"`)).reverse();
      services.objects.set(`/work/athena/${runId}.csv`, Buffer.from(`${text.join('\r\n')}\n`));
      const manifest = `s3://work/athena/${runId}.csv`;
      return handler({ campaignId, hash: 'h1', runId, manifest }, { getRemainingTimeInMillis: msLeft });
    },
    dispatchNothing: (task: Parameters<typeof handler>[0]) =>
      handler(task, { getRemainingTimeInMillis: () => 600_000 }),
    recipientsOf: async (runId: string) =>
      (await progress.parts(runId)).reduce((sum, part) => sum + part.recipients, 0),
    pointers: (queue: string, runId: string) =>
      (services.queues.get(`${queue}-PROMOTIONAL`) ?? [])
        .map(({ body }) => body as SnapshotMessage)
        .filter((pointer) => pointer.runId === runId),
  };
};
export type Dispatching = Awaited<ReturnType<typeof startDispatching>>;
