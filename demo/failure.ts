/** Something that whoever runs the demo should know, in one paragraph. */
export class DemoFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DemoFailed';
  }
}
