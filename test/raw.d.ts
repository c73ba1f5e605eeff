/** Files as text: vite's suffix. */
declare module "*?raw" {
  const text: string;
  export default text;
}
