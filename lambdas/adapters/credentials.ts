/**
 * Stands in for `@aws-sdk/credential-provider-node` in every bundle (see lib/kit/bundle.ts). Lambda gives a function its
 * role's credentials in the environment and renews them only by starting a new one; the SDK's other providers (SSO,
 * profiles, instance metadata …) cannot succeed there.
 */
export const defaultProvider = () => async () => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = process.env;
  if (!accessKeyId || !secretAccessKey) throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set');
  return { accessKeyId, secretAccessKey, ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }) };
};
