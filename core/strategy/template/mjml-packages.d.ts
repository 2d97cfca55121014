/** The packages ship no types. Both are CommonJS: what is imported is what they export. */
declare module 'mjml-core' {
  type Found = { line?: number; message: string; tagName?: string };
  export default function mjml2html(source: string, options: object): Promise<{ html: string; errors: Found[] }>;
}
declare module 'mjml-preset-core' {
  const preset: {
    components: { endingTag?: boolean; getTagName(): string }[];
    dependencies: Record<string, (string | RegExp)[]>;
  };
  export default preset;
}
