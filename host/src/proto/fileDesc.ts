/**
 * Stands in for `fileDesc` of `@bufbuild/protobuf/codegenv2` in the generated code, for the sake of the start.
 *
 * That one adds for each file all types of all files below it, once for every way that leads there, which for the many files
 * of the SDK is most of the time to load them. Names are resolved through direct imports alone, so those are enough.
 * @module
 */
import { createFileRegistry, type DescFile, fromBinary } from "@bufbuild/protobuf";
import { type DescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** As protoc derives them; the generator leaves them out. */
function restoreJsonNames(message: DescriptorProto): void {
  for (const field of message.field) {
    if (field.jsonName === "")
      field.jsonName = field.name.replace(/_+([^_]?)/g, (_, next: string) => next.toUpperCase());
  }
  message.nestedType.forEach(restoreJsonNames);
}

/** @param base64 a FileDescriptorProto without its list of imports */
export function fileDesc(base64: string, imports: readonly DescFile[] = []): DescFile {
  const proto = fromBinary(FileDescriptorProtoSchema, new Uint8Array(Buffer.from(base64, "base64")));
  proto.messageType.forEach(restoreJsonNames);
  proto.dependency = imports.map((file) => file.proto.name);
  const shallow = new Map(imports.map((file) => [file.proto.name, { ...file, dependencies: [] }]));
  const file = createFileRegistry(proto, (name) => shallow.get(name)).getFile(proto.name);
  if (file === undefined) throw new TypeError(`${proto.name}: not in its own registry`);
  return Object.assign(file, { dependencies: [...imports] });
}
