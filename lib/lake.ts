import { Stack } from 'aws-cdk-lib';
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { Construct } from 'constructs';

import { allow, type Binding, type Grantee, grantObjects } from './kit/bindings.ts';
import { OwnRole } from './kit/own-role.ts';
import { type Column, LAKE_TABLES, type LakeTable, PEOPLE_ASKED } from './lake-tables.ts';
import type { Stage } from './stages.ts';
import type { State } from './state.ts';

/** What Athena and Firehose ask of a whole bucket. */
const BUCKET_ACTIONS = ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'];

/**
 * What happened, kept for good: rows go through Firehose into gzip JSON files, one folder per day of arrival (UTC), which
 * Athena reads as tables. Partitions are projected, so no crawler and no catalogue call per day is needed.
 */
export class Lake extends Construct {
  readonly streams: Record<LakeTable, CfnDeliveryStream>;
  readonly database: CfnDatabase;
  readonly workGroup: CfnWorkGroup;
  private readonly state: State;

  constructor(scope: Construct, id: string, { stage, state }: { stage: Stage; state: State }) {
    super(scope, id);
    this.state = state;
    const catalogId = Stack.of(this).account;
    // Glue names are lower case and may not come from CloudFormation; the tables hold no data themselves.
    const name = `herald_${stage.name}`;
    this.database = new CfnDatabase(this, 'Database', { catalogId, databaseInput: { name } });
    const streams = (Object.keys(LAKE_TABLES) as LakeTable[]).map((table) => {
      this.table(table, `s3://${state.lake.bucketName}/${table}/`, LAKE_TABLES[table], stage.lakeFirstDay);
      return [table, this.stream(table, stage.lakeBufferSeconds)];
    });
    this.streams = Object.fromEntries(streams) as Record<LakeTable, CfnDeliveryStream>;
    // Whom queries for exports and erasures are about: written and deleted by them.
    this.table('people_asked', `s3://${state.work.bucketName}/asked/`, PEOPLE_ASKED, stage.lakeFirstDay);
    this.workGroup = new CfnWorkGroup(this, 'WorkGroup', {
      name: `herald-${stage.name}`,
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        bytesScannedCutoffPerQuery: stage.queryCutoffBytes,
        publishCloudWatchMetricsEnabled: true,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        resultConfiguration: {
          outputLocation: `s3://${state.work.bucketName}/athena/`,
          encryptionConfiguration: { encryptionOption: 'SSE_S3' },
        },
      },
    });
  }

  /** Name of the work group, with the permission to run queries in it. */
  get queries(): Binding {
    return { value: this.workGroup.name, grant: (grantee) => this.grantQuery(grantee) };
  }

  /** The same, for queries that write the rows they find below snapshots/. */
  get unloads(): Binding {
    return { value: this.workGroup.name, grant: (grantee) => this.grantUnload(grantee) };
  }

  /** The same as `queries`, for queries about the people in people_asked. */
  get personQueries(): Binding {
    return { value: this.workGroup.name, grant: (grantee) => this.grantPersonQuery(grantee) };
  }

  /** The same, for queries that write the rows they find below exports/. */
  get personUnloads(): Binding {
    return {
      value: this.workGroup.name,
      grant: (grantee) => {
        this.grantPersonQuery(grantee);
        grantObjects(grantee, this.state.work, { 'exports/': 'readWriteInParts' });
      },
    };
  }

  private grantPersonQuery(grantee: Grantee): void {
    this.grantQuery(grantee);
    const asked = Stack.of(this).formatArn({ service: 'glue', resource: `table/${this.database.ref}/people_asked` });
    allow(grantee, ['glue:GetTable', 'glue:GetPartition', 'glue:GetPartitions'], [asked]);
    grantObjects(grantee, this.state.work, { 'asked/': 'read' });
  }

  /** Queries that write the rows they find below a folder of the work bucket. */
  grantUnload(grantee: Grantee, folder: 'snapshots/' | 'models/' | 'refreshes/' = 'snapshots/'): void {
    this.grantQuery(grantee);
    grantObjects(grantee, this.state.work, { [folder]: 'readWriteInParts' });
  }

  private grantQuery(grantee: Grantee): void {
    const { lake, work } = this.state;
    const stack = Stack.of(this);
    const glue = (resource: string) => stack.formatArn({ service: 'glue', resource });
    const name = this.database.ref;
    const athena = (resource: string) => stack.formatArn({ service: 'athena', resource });
    allow(
      grantee,
      ['StartQueryExecution', 'StopQueryExecution', 'GetQueryExecution', 'GetQueryResults'].map(
        (action) => `athena:${action}`,
      ),
      [athena(`workgroup/${this.workGroup.name}`)],
    );
    allow(grantee, ['athena:GetDataCatalog'], [athena('datacatalog/AwsDataCatalog')]);
    allow(
      grantee,
      ['glue:GetDatabase', 'glue:GetTable', 'glue:GetTables', 'glue:GetPartition', 'glue:GetPartitions'],
      [
        glue('catalog'),
        glue(`database/${name}`),
        ...Object.keys(LAKE_TABLES).map((table) => glue(`table/${name}/${table}`)),
      ],
    );
    allow(grantee, BUCKET_ACTIONS, [lake.bucketArn, work.bucketArn]);
    grantObjects(grantee, lake, {
      'events/': 'read',
      'outcomes/': 'read',
      'profiles/': 'read',
      'consents/': 'read',
      'identities/': 'read',
      'list_members/': 'read',
      'lead_stages/': 'read',
      'segment_members/': 'read',
      'participant_steps/': 'read',
    } satisfies Record<`${LakeTable}/`, 'read'>);
    grantObjects(grantee, work, { 'athena/': 'readWriteInParts' });
  }

  private table(name: string, location: string, columns: readonly Column[], firstDay: string): void {
    new CfnTable(this, `${name}-table`, {
      catalogId: Stack.of(this).account,
      databaseName: this.database.ref,
      tableInput: {
        name,
        tableType: 'EXTERNAL_TABLE',
        parameters: {
          classification: 'json',
          'projection.enabled': 'true',
          'projection.dt.type': 'date',
          'projection.dt.format': 'yyyy-MM-dd',
          'projection.dt.range': `${firstDay},NOW+1DAY`,
          'storage.location.template': `${location}dt=\${dt}/`,
        },
        partitionKeys: [{ name: 'dt', type: 'string' }],
        storageDescriptor: {
          columns: [...columns],
          location,
          compressed: true,
          inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
          outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
          serdeInfo: { serializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
        },
      },
    });
  }

  private stream(table: LakeTable, intervalInSeconds: number): CfnDeliveryStream {
    const { lake } = this.state;
    const role = new OwnRole(this, `${table}-role`, 'firehose.amazonaws.com');
    allow(role, BUCKET_ACTIONS, [lake.bucketArn]);
    grantObjects(role, lake, { [`${table}/` as const]: 'writeInParts', [`errors/${table}/` as const]: 'writeInParts' });
    return new CfnDeliveryStream(this, `${table}-stream`, {
      deliveryStreamType: 'DirectPut',
      deliveryStreamEncryptionConfigurationInput: { keyType: 'AWS_OWNED_CMK' },
      extendedS3DestinationConfiguration: {
        bucketArn: lake.bucketArn,
        roleArn: role.roleArn,
        prefix: `${table}/dt=!{timestamp:yyyy-MM-dd}/`,
        errorOutputPrefix: `errors/${table}/!{firehose:error-output-type}/dt=!{timestamp:yyyy-MM-dd}/`,
        compressionFormat: 'GZIP',
        bufferingHints: { intervalInSeconds, sizeInMBs: 64 },
      },
    });
  }
}
