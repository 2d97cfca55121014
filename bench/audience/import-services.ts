import { audienceWorld } from '../../test/lambdas/audience/audience-world.ts';

/**
 * DynamoDB (dynalite), S3 and Firehose of the local cloud in a process of their own, so that neither their work nor their
 * memory is taken for the importer's. Tells its parent the environment to run in; lives until the parent goes.
 */
await audienceWorld();
const names = /^(AWS_|\w+_(TABLE|STREAM|BUCKET|ARN)$)/;
process.send?.(Object.fromEntries(Object.entries(process.env).filter(([name]) => names.test(name))));
process.on('disconnect', () => process.exit());
