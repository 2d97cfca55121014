import { randomBytes } from 'node:crypto';
import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { Context } from './types.ts';

/** Demo people, one per role. The id is the claim `sub`. */
export const DEMO_USERS = [
  { sub: 'viewer-vera', name: 'Vera Viewer', groups: ['viewer'] },
  { sub: 'marketer-mia', name: 'Mia Marketer', groups: ['marketer'] },
  { sub: 'approver-ada', name: 'Ada Approver', groups: ['approver'] },
  { sub: 'operator-oscar', name: 'Oscar Operator', groups: ['operator'] },
  { sub: 'admin-amir', name: 'Amir Admin', groups: ['admin'] },
];
export type TokenRequest = { sub: string; name?: string; groups: readonly string[]; expiresInSeconds?: number };
export type Issuer = {
  token(request: TokenRequest): Promise<string>;
  /** Token of a demo person; undefined when there is no such person. */
  demoToken(user: string): Promise<string> | undefined;
  /** Claims of a valid token. Throws when it is expired, not ours, or for another issuer or audience. */
  verify(token: string): Promise<JWTPayload>;
};

/** What the authorizer of stage `local` trusts. */
export const ISSUER = 'http://local.herald/issuer';
export const AUDIENCE = 'herald';
const DEFAULT_SECONDS = 12 * 3600;

/** Signs tokens for people at this machine, on the clock. The secret is in the store, so tokens outlive a restart. */
export const issuer = (ctx: Context): Issuer => {
  ctx.store.exec('CREATE TABLE IF NOT EXISTS issuer (one INTEGER PRIMARY KEY CHECK (one = 1), secret BLOB)');
  ctx.store.prepare('INSERT OR IGNORE INTO issuer VALUES (1, ?)').run(randomBytes(32));
  const secret = ctx.store.prepare('SELECT secret FROM issuer').get()?.secret as Uint8Array;

  const token: Issuer['token'] = ({ sub, name = sub, groups, expiresInSeconds = DEFAULT_SECONDS }) => {
    const now = Math.floor(ctx.clock.now() / 1000);
    const person = { sub, name, email: `${sub}@example.com`, 'cognito:groups': groups, token_use: 'id' };
    const claims = { ...person, iss: ISSUER, aud: AUDIENCE, iat: now, exp: now + expiresInSeconds };
    return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret);
  };
  const verify: Issuer['verify'] = async (text) => {
    const expected = { issuer: ISSUER, audience: AUDIENCE, algorithms: ['HS256'], requiredClaims: ['exp'] };
    return (await jwtVerify(text, secret, { ...expected, currentDate: new Date(ctx.clock.now()) })).payload;
  };
  const demoToken: Issuer['demoToken'] = (user) => {
    const known = DEMO_USERS.find(({ sub }) => sub === user);
    return known && token(known);
  };
  return { token, verify, demoToken };
};
