/** A style sheet as a file of its own: its address. */
declare module "*.css?url" {
  const address: string;
  // Vite gives it as the default export.
  export default address;
}
