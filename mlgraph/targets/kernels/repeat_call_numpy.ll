; A call of a kernel whose arrays are as in the last call but for what they hold, without a line of Python.
;
; `self` is a list that holds a tuple, which another call may replace meanwhile:
;   0  form       numpy's type of arrays, the number of operands, and the dtype, rank, sizes and strides of each: bytes
;   1  other      the function for all other calls
;   2  loops      what runs the kernel,
;   3  plan       on this address and arrays
;   4  empty      `numpy.empty`
;   5  owner      of what the plan and the form point at
;   6  result     the arguments of `empty` for the first result, and so on

%header = type { [HEADER x i8], ptr }                     ; of every object, with its type
%ndarray = type { %header, ptr, i32, ptr, ptr, ptr, ptr }  ; numpy's PyArrayObject: data, rank, sizes, strides, base, dtype

declare ptr @PyList_GetItem(ptr, i64)
declare i64 @PyTuple_Size(ptr)
declare ptr @PyTuple_GetItem(ptr, i64)
declare ptr @PyTuple_New(i64)
declare i32 @PyTuple_SetItem(ptr, i64, ptr)
declare ptr @PyBytes_AsString(ptr)
declare ptr @PyObject_CallObject(ptr, ptr)
declare ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)

define ptr @call(ptr %self, ptr %arguments, i64 %given) {
entry:
  %held = call ptr @PyList_GetItem(ptr %self, i64 0)
  call void @Py_IncRef(ptr %held)
  %bytes = call ptr @PyTuple_GetItem(ptr %held, i64 0)
  %form = call ptr @PyBytes_AsString(ptr %bytes)
  %array.type = load ptr, ptr %form, align 1
  %count.at = getelementptr i64, ptr %form, i64 1
  %count = load i64, ptr %count.at, align 1
  %first = getelementptr i64, ptr %form, i64 2
  %as.many = icmp eq i64 %count, %given
  br i1 %as.many, label %operand, label %otherwise

operand:
  %i = phi i64 [ 0, %entry ], [ %i.next, %alike ]
  %known = phi ptr [ %first, %entry ], [ %known.next, %alike ]
  %slot = getelementptr ptr, ptr %arguments, i64 %i
  %array = load ptr, ptr %slot
  %type.at = getelementptr %header, ptr %array, i64 0, i32 1
  %type = load ptr, ptr %type.at
  %is.array = icmp eq ptr %type, %array.type
  br i1 %is.array, label %kind, label %otherwise

kind:
  %dtype.at = getelementptr %ndarray, ptr %array, i64 0, i32 6
  %dtype = load ptr, ptr %dtype.at
  %known.dtype = load ptr, ptr %known, align 1
  %same.dtype = icmp eq ptr %dtype, %known.dtype
  %rank.at = getelementptr %ndarray, ptr %array, i64 0, i32 2
  %rank.short = load i32, ptr %rank.at
  %rank = sext i32 %rank.short to i64
  %known.rank.at = getelementptr i64, ptr %known, i64 1
  %known.rank = load i64, ptr %known.rank.at, align 1
  %same.rank = icmp eq i64 %rank, %known.rank
  %same.kind = and i1 %same.dtype, %same.rank
  br i1 %same.kind, label %axes, label %otherwise

axes:
  %sizes.at = getelementptr %ndarray, ptr %array, i64 0, i32 3
  %sizes = load ptr, ptr %sizes.at
  %strides.at = getelementptr %ndarray, ptr %array, i64 0, i32 4
  %strides = load ptr, ptr %strides.at
  %known.sizes = getelementptr i64, ptr %known, i64 2
  %known.strides = getelementptr i64, ptr %known.sizes, i64 %rank
  br label %axis

axis:
  %k = phi i64 [ 0, %axes ], [ %k.next, %compare ]
  %left = icmp slt i64 %k, %rank
  br i1 %left, label %compare, label %alike

compare:
  %size.at = getelementptr i64, ptr %sizes, i64 %k
  %size = load i64, ptr %size.at
  %known.size.at = getelementptr i64, ptr %known.sizes, i64 %k
  %known.size = load i64, ptr %known.size.at, align 1
  %same.size = icmp eq i64 %size, %known.size
  %stride.at = getelementptr i64, ptr %strides, i64 %k
  %stride = load i64, ptr %stride.at
  %known.stride.at = getelementptr i64, ptr %known.strides, i64 %k
  %known.stride = load i64, ptr %known.stride.at, align 1
  %same.stride = icmp eq i64 %stride, %known.stride
  %same.axis = and i1 %same.size, %same.stride
  %k.next = add i64 %k, 1
  br i1 %same.axis, label %axis, label %otherwise

alike:
  %known.next = getelementptr i64, ptr %known.strides, i64 %rank
  %i.next = add i64 %i, 1
  %more = icmp slt i64 %i.next, %given
  br i1 %more, label %operand, label %make

make:
  %items = call i64 @PyTuple_Size(ptr %held)
  %made = sub i64 %items, 6
  %results = call ptr @PyTuple_New(i64 %made)
  %loops = call ptr @PyTuple_GetItem(ptr %held, i64 2)
  %plan = call ptr @PyTuple_GetItem(ptr %held, i64 3)
  %empty = call ptr @PyTuple_GetItem(ptr %held, i64 4)
  %operands.end = add i64 %given, 1
  %length = add i64 %operands.end, %made
  %vector = alloca ptr, i64 %length
  store ptr %plan, ptr %vector
  %operands = getelementptr ptr, ptr %vector, i64 1
  %size.given = mul i64 %given, 8
  call void @llvm.memcpy.p0.p0.i64(ptr %operands, ptr %arguments, i64 %size.given, i1 false)
  %no.tuple = icmp eq ptr %results, null
  br i1 %no.tuple, label %failed, label %result

result:
  %j = phi i64 [ 0, %make ], [ %j.next, %keep ]
  %place = add i64 %j, 6
  %wanted = call ptr @PyTuple_GetItem(ptr %held, i64 %place)
  %new = call ptr @PyObject_CallObject(ptr %empty, ptr %wanted)
  %no.array = icmp eq ptr %new, null
  br i1 %no.array, label %failed, label %keep

keep:
  %set = call i32 @PyTuple_SetItem(ptr %results, i64 %j, ptr %new)
  %position = add i64 %operands.end, %j
  %new.at = getelementptr ptr, ptr %vector, i64 %position
  store ptr %new, ptr %new.at
  %j.next = add i64 %j, 1
  %missing = icmp slt i64 %j.next, %made
  br i1 %missing, label %result, label %run

run:
  %last = call ptr @PyObject_Vectorcall(ptr %loops, ptr %vector, i64 %length, ptr null)
  %no.last = icmp eq ptr %last, null
  br i1 %no.last, label %failed, label %done

done:
  call void @Py_DecRef(ptr %held)
  %one = icmp eq i64 %made, 1
  %unused = select i1 %one, ptr %results, ptr %last
  %found = select i1 %one, ptr %last, ptr %results
  call void @Py_DecRef(ptr %unused)
  ret ptr %found

failed:
  call void @Py_DecRef(ptr %results)
  call void @Py_DecRef(ptr %held)
  ret ptr null

otherwise:
  %other.function = call ptr @PyTuple_GetItem(ptr %held, i64 1)
  %answer = call ptr @PyObject_Vectorcall(ptr %other.function, ptr %arguments, i64 %given, ptr null)
  call void @Py_DecRef(ptr %held)
  ret ptr %answer
}

declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
