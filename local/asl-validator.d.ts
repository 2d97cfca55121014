/** The package ships no types. It writes into `definition`. */
declare module 'asl-validator' {
  export default function validate(
    definition: object,
    options: { checkPaths: boolean; checkArn: boolean },
  ): { isValid: boolean; errorsText(separator?: string): string };
}
