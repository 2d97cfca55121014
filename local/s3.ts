import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checkPolicy, formParts, isForm, readFields, within } from './s3-form.ts';
import { AwsError, type Context, type Service, type ServiceRequest, type ServiceResponse } from './types.ts';

/** Anything else that a request may carry (copies, parts, metadata) would change the answer, so is refused. */
const KNOWN_QUERY = /^x-amz-(algorithm|credential|date|expires|security-token|signature|signedheaders)$/i;
const REFUSED_HEADER = /^(if-(?!(none-)?match$)|x-amz-(acl|copy-|decoded-|meta-|tagging))/;
/** What a list may ask: ListObjectsV2 with URL-encoded keys. */
const LIST_QUERY = ['list-type', 'encoding-type', 'prefix', 'continuation-token', 'max-keys'];

/** S3, path style. An object is the file `<dataDir>/s3/<bucket>/<key>`; nothing else is kept of it. */
export const s3 = (ctx: Context): Service => {
  const buckets = new Set<string>();
  const uploads = join(ctx.dataDir, 's3-uploads');
  // What a killed process had half received.
  fs.rmSync(uploads, { recursive: true, force: true });
  fs.mkdirSync(uploads, { recursive: true });

  const file = (bucket: string, key: string): string => {
    // Legal on S3, but here an empty or dot segment would be another file.
    if (/(^|\/)\.{0,2}(\/|$)/.test(key))
      throw new AwsError('NotImplemented', `The local S3 does not support the key '${key}'`, 501);
    return join(ctx.dataDir, 's3', bucket, key);
  };
  /** The rename is atomic: readers see the old object or the new one. */
  const adopt = (bucket: string, key: string, path: string): void => {
    const target = file(bucket, key);
    fs.mkdirSync(dirname(target), { recursive: true });
    fs.renameSync(path, target);
  };
  ctx.services.s3 = {
    file,
    adopt,
    put(bucket, key, body) {
      const path = join(uploads, randomUUID());
      fs.writeFileSync(path, body);
      adopt(bucket, key, path);
    },
    get: (bucket, key) => (fs.existsSync(file(bucket, key)) ? fs.readFileSync(file(bucket, key)) : undefined),
    keys(bucket, prefix) {
      const root = join(ctx.dataDir, 's3', bucket);
      const folder = join(root, dirname(`${prefix}*`));
      if (!fs.existsSync(folder)) return [];
      const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      const keys = files.map(({ parentPath, name }) => relative(root, join(parentPath, name)));
      return keys.filter((key) => key.startsWith(prefix)).sort();
    },
  };

  const authorize = ({ headers, query }: ServiceRequest, asked: readonly string[]): void => {
    const refused = Object.keys(headers).filter((name) => REFUSED_HEADER.test(name));
    const [odd] = [...query.keys()].filter((name) => !KNOWN_QUERY.test(name) && !asked.includes(name)).concat(refused);
    if (odd) throw new AwsError('NotImplemented', `The local S3 does not support ${odd}`, 501);
    if (headers.authorization) return;
    if (!query.get('X-Amz-Signature')) throw new AwsError('AccessDenied', 'Access Denied', 403);
    const seconds = Number(query.get('X-Amz-Expires'));
    if (!(seconds >= 1 && seconds <= 604_800))
      throw new AwsError('AuthorizationQueryParametersError', 'X-Amz-Expires must be between 1 and 604800 seconds');
    const date = query.get('X-Amz-Date')?.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5');
    if (!(ctx.clock.now() <= Date.parse(date ?? '') + seconds * 1000))
      throw new AwsError('AccessDenied', 'Request has expired', 403);
  };

  const download = (path: string, { method, headers }: ServiceRequest): ServiceResponse => {
    const found = fs.statSync(path, { throwIfNoEntry: false });
    if (!found?.isFile()) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
    const { size, ino, mtimeMs } = found;
    const [range, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
    const start = Number(from ?? 0);
    const end = to ? Math.min(Number(to), size - 1) : size - 1;
    if (range && start > end) throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416);
    return {
      status: range ? 206 : 200,
      headers: {
        'content-length': String(end - start + 1),
        'content-type': 'binary/octet-stream',
        etag: etagOf({ ino, mtimeMs }),
        ...(range && { 'content-range': `bytes ${start}-${end}/${size}` }),
      },
      ...(method === 'GET' && size > 0 && { body: fs.createReadStream(path, { start, end }) }),
    };
  };

  const receive = async (
    bucket: string,
    key: string,
    content: AsyncIterable<Buffer>,
    request?: ServiceRequest,
  ): Promise<void> => {
    const upload = join(uploads, randomUUID());
    try {
      await pipeline(content, fs.createWriteStream(upload));
      if (request) checkMatch(file(bucket, key), request);
      adopt(bucket, key, upload);
    } catch (error) {
      fs.rmSync(upload, { force: true });
      throw error;
    }
  };

  /** A browser's or curl's upload by form. */
  const receiveForm = async (bucket: string, { stream }: ServiceRequest): Promise<ServiceResponse> => {
    const parts = formParts(stream);
    try {
      const fields = await readFields(parts);
      const size = checkPolicy(bucket, fields, ctx.clock.now());
      ctx.meter.count('s3-put', 1, 's3:POST');
      await receive(bucket, fields.key ?? '', within(size, parts.file()));
      return { status: 204 };
    } finally {
      await parts.drain();
    }
  };

  /** ListObjectsV2: keys in the order of their bytes, a thousand a page. */
  const list = (bucket: string, query: URLSearchParams): ServiceResponse => {
    if (query.get('list-type') !== '2' || query.get('encoding-type') !== 'url')
      throw new AwsError('NotImplemented', 'The local S3 lists with list-type=2 and encoding-type=url only', 501);
    ctx.meter.count('s3-put', 1, 's3:LIST');
    const limit = Math.min(Number(query.get('max-keys') ?? 1_000), 1_000);
    const after = query.get('continuation-token') ?? '';
    const left = ctx.services.s3.keys(bucket, query.get('prefix') ?? '').filter((key) => key > after);
    const page = left.slice(0, limit);
    const contents = page.map((key) => {
      const { size } = fs.statSync(file(bucket, key));
      return `<Contents><Key>${encodeURIComponent(key)}</Key><Size>${size}</Size></Contents>`;
    });
    const more = left.length > limit;
    const next = more ? `<NextContinuationToken>${encodeURIComponent(page.at(-1) ?? '')}</NextContinuationToken>` : '';
    const body = `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`;
    return { headers: { 'content-type': 'application/xml' }, body };
  };

  /** A write that names the version that it replaces is refused when that is not the one that is there. */
  const checkMatch = (path: string, { headers }: ServiceRequest): void => {
    const { 'if-match': wanted, 'if-none-match': none } = headers;
    if (wanted === undefined && none === undefined) return;
    if (none !== undefined && none !== '*') throw new AwsError('NotImplemented', 'If-None-Match other than *', 501);
    const found = fs.statSync(path, { throwIfNoEntry: false });
    if (wanted !== undefined && !found) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
    if (found && (none !== undefined || etagOf(found) !== wanted))
      throw new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
  };

  return {
    signingName: 's3',
    async handle(request) {
      const { method, path, query, stream } = request;
      const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
      const form = isForm(stream);
      const lists = method === 'GET' && key === '';
      if (!form) authorize(request, lists ? LIST_QUERY : []);
      if (!buckets.has(bucket)) throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
      if (form) return receiveForm(bucket, request);
      if (lists) return list(bucket, query);
      const target = file(bucket, key);
      if (!/^(PUT|GET|HEAD|DELETE)$/.test(method))
        throw new AwsError('MethodNotAllowed', `The local S3 does not support ${method}`, 405);
      if (method === 'DELETE') {
        fs.rmSync(target, { force: true });
        return { status: 204 };
      }
      ctx.meter.count(method === 'PUT' ? 's3-put' : 's3-get', 1, `s3:${method}`);
      if (method !== 'PUT') {
        if (request.headers['if-match'] ?? request.headers['if-none-match'])
          throw new AwsError('NotImplemented', 'A condition on a read', 501);
        return download(target, request);
      }
      await receive(bucket, key, stream, request);
      return {};
    },
    resources: {
      'AWS::S3::Bucket': {
        supported: [],
        ignored: ['BucketEncryption', 'LifecycleConfiguration', 'PublicAccessBlockConfiguration', 'Tags'],
        create({ logicalId, stack }) {
          const name = `${stack}-${logicalId}`.toLowerCase();
          buckets.add(name);
          return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } };
        },
      },
    },
  };
};

/** Another one after every write; S3 gives the same one to the same content. */
const etagOf = ({ ino, mtimeMs }: { ino: number; mtimeMs: number }): string =>
  `"${ino.toString(16)}-${mtimeMs.toString(16)}"`;
