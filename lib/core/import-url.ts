/** Node's own import, in a file of its own: at each start tsx writes anew what has one. */
export const importUrl = async (url: string): Promise<unknown> => await import(url)
