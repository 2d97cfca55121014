import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checkPolicy, formParts, isForm, readFields, within } from './s3-form.ts';
import { AwsError, type Context, type Service, type ServiceRequest, type ServiceResponse } from './types.ts';

/** Anything else that a request may carry (copies, parts, conditions, metadata) would change the answer, so is refused. */
const KNOWN_QUERY = /^x-amz-(algorithm|credential|date|expires|security-token|signature|signedheaders)$/i;
const REFUSED_HEADER = /^(if-|x-amz-(acl|copy-|decoded-|meta-|tagging))/;

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

  const authorize = ({ headers, query }: ServiceRequest): void => {
    const refused = Object.keys(headers).filter((name) => REFUSED_HEADER.test(name));
    const [odd] = [...query.keys()].filter((name) => !KNOWN_QUERY.test(name)).concat(refused);
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
        // Another one after every write; S3 gives the same one to the same content.
        etag: `"${ino.toString(16)}-${mtimeMs.toString(16)}"`,
        ...(range && { 'content-range': `bytes ${start}-${end}/${size}` }),
      },
      ...(method === 'GET' && size > 0 && { body: fs.createReadStream(path, { start, end }) }),
    };
  };

  const receive = async (bucket: string, key: string, content: AsyncIterable<Buffer>): Promise<void> => {
    const upload = join(uploads, randomUUID());
    try {
      await pipeline(content, fs.createWriteStream(upload));
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

  return {
    signingName: 's3',
    async handle(request) {
      const { method, path, stream } = request;
      const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
      const form = isForm(stream);
      if (!form) authorize(request);
      if (!buckets.has(bucket)) throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
      if (form) return receiveForm(bucket, request);
      const target = file(bucket, key);
      if (!/^(PUT|GET|HEAD)$/.test(method))
        throw new AwsError('MethodNotAllowed', `The local S3 does not support ${method}`, 405);
      ctx.meter.count(method === 'PUT' ? 's3-put' : 's3-get', 1, `s3:${method}`);
      if (method !== 'PUT') return download(target, request);
      await receive(bucket, key, stream);
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
