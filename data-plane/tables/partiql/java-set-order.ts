/**
 * The order in which DynamoDB's messages list a set of names: that of a hash set of Java, where names lie in buckets by their hash
 * (java.lang.String.hashCode, java.util.HashMap.hash).
 */
export function javaSetOrder(names: readonly string[]): readonly string[] {
  const buckets = bucketCount(names.length);
  return names
    .map((name) => ({ name, bucket: (spread(hashCode(name)) & (buckets - 1)) >>> 0 }))
    .sort((a, b) => a.bucket - b.bucket)
    .map(({ name }) => name);
}

/** 16 buckets at first, doubled whenever they are more than three quarters full. */
function bucketCount(size: number): number {
  let buckets = 16;
  while (size > buckets * 0.75) buckets *= 2;
  return buckets;
}

function hashCode(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

function spread(hash: number): number {
  return hash ^ (hash >>> 16);
}
