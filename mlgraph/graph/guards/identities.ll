; Whether objects still hold what they held, without a line of Python.
;
; `self` is a list that holds a tuple, which another call may replace meanwhile; its first item is a table of 64-bit
; words, as bytes: the addresses of `True` and `False`, then facts, each a number that says of what kind, and
;   0                                               no more facts
;   1  object  class  dict                          its class, and where it keeps its attributes
;   2  count  dict  version ...                      the numbers that Python gives dicts anew at each change
;   3  dict  count  key  value ...                  all items in order
;   4  tensor  calls  dtype  device  data  rank  size...
;                                                   `calls` are the addresses of five functions of torch's C interface;
;                                                   memory at 0 is not asked for
; It returns `False` at any other number.

declare ptr @PyList_GetItem(ptr, i64)
declare ptr @PyTuple_GetItem(ptr, i64)
declare ptr @PyBytes_AsString(ptr)
declare ptr @PyObject_GenericGetDict(ptr, ptr)
declare i64 @PyDict_Size(ptr)
declare i32 @PyDict_Next(ptr, ptr, ptr, ptr)
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)

define ptr @call(ptr %self, ptr %arguments, i64 %given) {
entry:
  %position = alloca i64
  %key = alloca ptr
  %value = alloca ptr
  %short = alloca i32
  %long = alloca i64
  %sizes = alloca ptr
  %held = call ptr @PyList_GetItem(ptr %self, i64 0)
  %bytes = call ptr @PyTuple_GetItem(ptr %held, i64 0)
  %table = call ptr @PyBytes_AsString(ptr %bytes)
  %false.at = getelementptr i64, ptr %table, i64 1
  %first = getelementptr i64, ptr %table, i64 2
  br label %fact

fact:
  %at = phi ptr [ %first, %entry ], [ %after.object, %object.dict ], [ %version.at, %versions.end ],
                [ %entry.at, %entries.next ], [ %size.at, %tensor.size ]
  %kind = load i64, ptr %at, align 1
  %at.1 = getelementptr i64, ptr %at, i64 1
  %at.2 = getelementptr i64, ptr %at, i64 2
  %at.3 = getelementptr i64, ptr %at, i64 3
  switch i64 %kind, label %changed [
    i64 0, label %same
    i64 1, label %object
    i64 2, label %versions
    i64 3, label %entries
    i64 4, label %tensor
  ]

object:
  %object.of = load ptr, ptr %at.1, align 1
  %object.class = load ptr, ptr %at.2, align 1
  %object.attributes = load ptr, ptr %at.3, align 1
  %class.at = getelementptr i8, ptr %object.of, i64 HEADER
  %class = load ptr, ptr %class.at
  %same.class = icmp eq ptr %class, %object.class
  br i1 %same.class, label %object.dict, label %changed

object.dict:
  %attributes = call ptr @PyObject_GenericGetDict(ptr %object.of, ptr null)
  call void @Py_DecRef(ptr %attributes)
  %after.object = getelementptr i64, ptr %at, i64 4
  %same.attributes = icmp eq ptr %attributes, %object.attributes
  br i1 %same.attributes, label %fact, label %changed

versions:
  %versions.known = load i64, ptr %at.1, align 1
  br label %versions.next

versions.next:
  %version.at = phi ptr [ %at.2, %versions ], [ %version.after, %version ]
  %version.number = phi i64 [ 0, %versions ], [ %version.following, %version ]
  %differing = phi i64 [ 0, %versions ], [ %differing.now, %version ]
  %versions.left = icmp slt i64 %version.number, %versions.known
  br i1 %versions.left, label %version, label %versions.end

version:
  %version.dict = load ptr, ptr %version.at, align 1
  %version.known.at = getelementptr i64, ptr %version.at, i64 1
  %version.known = load i64, ptr %version.known.at, align 1
  %version.now.at = getelementptr i8, ptr %version.dict, i64 VERSION
  %version.now = load i64, ptr %version.now.at
  %version.difference = xor i64 %version.now, %version.known
  %differing.now = or i64 %differing, %version.difference
  %version.after = getelementptr i64, ptr %version.at, i64 2
  %version.following = add i64 %version.number, 1
  br label %versions.next

versions.end:
  %same.versions = icmp eq i64 %differing, 0
  br i1 %same.versions, label %fact, label %changed

entries:
  %entries.dict = load ptr, ptr %at.1, align 1
  %entries.known = load i64, ptr %at.2, align 1
  %entries.now = call i64 @PyDict_Size(ptr %entries.dict)
  %same.entries = icmp eq i64 %entries.now, %entries.known
  store i64 0, ptr %position
  br i1 %same.entries, label %entries.next, label %changed

entries.next:
  %entry.at = phi ptr [ %at.3, %entries ], [ %entry.after, %entries.compare ]
  %found = call i32 @PyDict_Next(ptr %entries.dict, ptr %position, ptr %key, ptr %value)
  %none.left = icmp eq i32 %found, 0
  br i1 %none.left, label %fact, label %entries.compare

entries.compare:
  %entry.key.known = load ptr, ptr %entry.at, align 1
  %entry.value.at = getelementptr i64, ptr %entry.at, i64 1
  %entry.value.known = load ptr, ptr %entry.value.at, align 1
  %entry.after = getelementptr i64, ptr %entry.at, i64 2
  %entry.key = load ptr, ptr %key
  %entry.value = load ptr, ptr %value
  %same.key = icmp eq ptr %entry.key, %entry.key.known
  %same.value = icmp eq ptr %entry.value, %entry.value.known
  %same.entry = and i1 %same.key, %same.value
  br i1 %same.entry, label %entries.next, label %changed

tensor:
  %tensor.of = load ptr, ptr %at.1, align 1
  %calls = load ptr, ptr %at.2, align 1
  %dtype.known = load i64, ptr %at.3, align 1
  %get.dtype = load ptr, ptr %calls
  %dtype.status = call i32 %get.dtype(ptr %tensor.of, ptr %short)
  %dtype.short = load i32, ptr %short
  %dtype = sext i32 %dtype.short to i64
  %dtype.told = icmp eq i32 %dtype.status, 0
  %dtype.equal = icmp eq i64 %dtype, %dtype.known
  %same.dtype = and i1 %dtype.told, %dtype.equal
  br i1 %same.dtype, label %tensor.device, label %changed

tensor.device:
  %device.at = getelementptr i64, ptr %at, i64 4
  %device.known = load i64, ptr %device.at, align 1
  %get.device.at = getelementptr ptr, ptr %calls, i64 1
  %get.device = load ptr, ptr %get.device.at
  %device.status = call i32 %get.device(ptr %tensor.of, ptr %short)
  %device.short = load i32, ptr %short
  %device = sext i32 %device.short to i64
  %device.told = icmp eq i32 %device.status, 0
  %device.equal = icmp eq i64 %device, %device.known
  %same.device = and i1 %device.told, %device.equal
  %data.at = getelementptr i64, ptr %at, i64 5
  %data.known = load i64, ptr %data.at, align 1
  %data.counts = icmp ne i64 %data.known, 0
  br i1 %same.device, label %tensor.memory, label %changed

tensor.memory:
  br i1 %data.counts, label %tensor.data, label %tensor.rank

tensor.data:
  %get.data.at = getelementptr ptr, ptr %calls, i64 4
  %get.data = load ptr, ptr %get.data.at
  %data.status = call i32 %get.data(ptr %tensor.of, ptr %long)
  %data = load i64, ptr %long
  %data.told = icmp eq i32 %data.status, 0
  %data.equal = icmp eq i64 %data, %data.known
  %same.data = and i1 %data.told, %data.equal
  br i1 %same.data, label %tensor.rank, label %changed

tensor.rank:
  %rank.at = getelementptr i64, ptr %at, i64 6
  %rank.known = load i64, ptr %rank.at, align 1
  %get.rank.at = getelementptr ptr, ptr %calls, i64 2
  %get.rank = load ptr, ptr %get.rank.at
  %rank.status = call i32 %get.rank(ptr %tensor.of, ptr %long)
  %rank = load i64, ptr %long
  %rank.told = icmp eq i32 %rank.status, 0
  %rank.equal = icmp eq i64 %rank, %rank.known
  %same.rank = and i1 %rank.told, %rank.equal
  br i1 %same.rank, label %tensor.sizes, label %changed

tensor.sizes:
  %sizes.known = getelementptr i64, ptr %at, i64 7
  %get.sizes.at = getelementptr ptr, ptr %calls, i64 3
  %get.sizes = load ptr, ptr %get.sizes.at
  %sizes.status = call i32 %get.sizes(ptr %tensor.of, ptr %sizes)
  %sizes.told = icmp eq i32 %sizes.status, 0
  br i1 %sizes.told, label %tensor.size, label %changed

tensor.size:
  %axis = phi i64 [ 0, %tensor.sizes ], [ %axis.next, %tensor.axis ]
  %size.at = getelementptr i64, ptr %sizes.known, i64 %axis
  %axes.left = icmp slt i64 %axis, %rank
  br i1 %axes.left, label %tensor.axis, label %fact

tensor.axis:
  %sizes.now = load ptr, ptr %sizes
  %size.now.at = getelementptr i64, ptr %sizes.now, i64 %axis
  %size.now = load i64, ptr %size.now.at
  %size.known = load i64, ptr %size.at, align 1
  %axis.next = add i64 %axis, 1
  %same.size = icmp eq i64 %size.now, %size.known
  br i1 %same.size, label %tensor.size, label %changed

same:
  %true = load ptr, ptr %table, align 1
  call void @Py_IncRef(ptr %true)
  ret ptr %true

changed:
  %false = load ptr, ptr %false.at, align 1
  call void @Py_IncRef(ptr %false)
  ret ptr %false
}
