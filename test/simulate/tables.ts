import { openTables } from '../../local/dynalite.mjs';
import { TABLES, type Table } from './environment.ts';

export type Item = Record<string, { S?: string; N?: string; BOOL?: boolean; NS?: string[] }>;
type Input = Record<string, unknown> & { TableName?: string };
type Call = (action: string, data: object, answer: (status: number, result: Record<string, unknown>) => void) => void;

/** What a switch of the simulation takes away from Herald, to see that its loss is found: see `--without`. */
export type Without = 'cap' | 'ledger' | 'redrive';

/** Herald's tables, in dynalite. `do` answers as DynamoDB does, or throws its error as the SDK words it. */
export class Tables {
  private readonly call = openTables() as Call;
  private readonly without: Without | undefined;

  constructor(without: Without | undefined) {
    this.without = without;
  }

  async open(): Promise<void> {
    for (const [TableName, keys] of Object.entries(TABLES)) {
      const KeySchema = keys.map((AttributeName, n) => ({ AttributeName, KeyType: n === 0 ? 'HASH' : 'RANGE' }));
      const AttributeDefinitions = keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' }));
      await this.ask('CreateTable', { TableName, BillingMode: 'PAY_PER_REQUEST', KeySchema, AttributeDefinitions });
    }
    for (const TableName of Object.keys(TABLES)) {
      while (!JSON.stringify(await this.ask('DescribeTable', { TableName })).includes('"ACTIVE"')) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  private ask(action: string, input: object): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      this.call(action, JSON.parse(JSON.stringify(input)), (status, result) => {
        if (status === 200) return resolve(result);
        const { __type = '', message = '', Message = '', ...more } = result as Record<string, string>;
        const name = __type.replace(/^.*#/, '');
        reject(Object.assign(new Error(message || Message), { name, ...more }));
      });
    });
  }

  async do(action: string, input: Input): Promise<Record<string, unknown>> {
    const values = (input.ExpressionAttributeValues ?? {}) as Item;
    const isClaim = input.TableName === 'LEDGER_TABLE' && values[':claim'] !== undefined;
    if (this.without === 'ledger' && isClaim)
      await this.ask('DeleteItem', { TableName: input.TableName, Key: input.Key });
    const answer = await this.ask(action, input);
    const isTouch = input.TableName === 'CONTACTS_TABLE' && (values[':touch'] ?? values[':t0']) !== undefined;
    if (this.without === 'cap' && isTouch) await this.forgetTouches(input.Key);
    return answer;
  }

  private async forgetTouches(Key: unknown): Promise<void> {
    const names = Array.from({ length: 10 }, (_, n) => `t${n}`).join(', ');
    await this.ask('UpdateItem', { TableName: 'CONTACTS_TABLE', Key, UpdateExpression: `REMOVE ${names}, older` });
  }

  async put(TableName: Table, Item: Item): Promise<void> {
    await this.ask('PutItem', { TableName, Item });
  }

  /** Everything in a table. */
  async all(TableName: Table): Promise<Item[]> {
    const found: Item[] = [];
    let from: unknown;
    do {
      const page = await this.ask('Scan', { TableName, ...(from !== undefined && { ExclusiveStartKey: from }) });
      found.push(...(page.Items as Item[]));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return found;
  }
}
