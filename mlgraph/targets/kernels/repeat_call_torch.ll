; A call of a kernel whose tensors are as in the last call but for what they hold, without a line of Python.
;
; `self` is a list that holds a tuple, which another call may replace meanwhile:
;   0  form       bytes: what `%form` names; the type of elements, rank, sizes and strides of each operand; and the same
;                 of each result, whose type is a number of torch's own
;   1  other      the function for all other calls
;   2  loops      what runs the kernel,
;   3  plan       on this number and the addresses of tensors
;   4  owner      of what the plan and the form point at
;   5  levels     the names of `torch.autograd.forward_ad`,
;   6  level      the name of its current level there,
;   7  none       and the number that says that there is none
;   8  gradient   "requires_grad"
;   9  taken      `torch.is_grad_enabled`
;  10  negated    `torch.Tensor.is_neg`

%header = type { [HEADER x i8], ptr }                                ; of every object, with its type
%dltensor = type { ptr, i64, i32, i32, ptr, ptr, i64 }               ; data, device, rank, type, sizes, strides, offset
%form = type { ptr, ptr, ptr, ptr, ptr, ptr, ptr, i64, i64, i64 }
; what describes a tensor; the types of tensors and of parameters; what makes a tensor of C++, tells its address, makes an
; object of it, and deletes it; the numbers of operands and of results; and whether there are floats among the operands

declare ptr @PyList_GetItem(ptr, i64)
declare ptr @PyTuple_GetItem(ptr, i64)
declare ptr @PyTuple_New(i64)
declare i32 @PyTuple_SetItem(ptr, i64, ptr)
declare ptr @PyBytes_AsString(ptr)
declare ptr @PyDict_GetItem(ptr, ptr)
declare ptr @PyLong_FromVoidPtr(ptr)
declare ptr @PyObject_GetAttr(ptr, ptr)
declare i32 @PyObject_IsTrue(ptr)
declare ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)
declare void @PyErr_Clear()
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)

; Whether an answer, which is given up, is true; an error counts as such.
define internal i1 @is.true(ptr %answer) {
  %none = icmp eq ptr %answer, null
  br i1 %none, label %failed, label %answered

failed:
  call void @PyErr_Clear()
  ret i1 true

answered:
  %truth = call i32 @PyObject_IsTrue(ptr %answer)
  call void @Py_DecRef(ptr %answer)
  %true = icmp ne i32 %truth, 0
  ret i1 %true
}

define ptr @call(ptr %self, ptr %arguments, i64 %given) {
entry:
  %held = call ptr @PyList_GetItem(ptr %self, i64 0)
  call void @Py_IncRef(ptr %held)
  %bytes = call ptr @PyTuple_GetItem(ptr %held, i64 0)
  %form = call ptr @PyBytes_AsString(ptr %bytes)
  %describe = load ptr, ptr %form, align 1
  %tensor.at = getelementptr %form, ptr %form, i64 0, i32 1
  %tensor = load ptr, ptr %tensor.at, align 1
  %parameter.at = getelementptr %form, ptr %form, i64 0, i32 2
  %parameter = load ptr, ptr %parameter.at, align 1
  %create.at = getelementptr %form, ptr %form, i64 0, i32 3
  %create = load ptr, ptr %create.at, align 1
  %locate.at = getelementptr %form, ptr %form, i64 0, i32 4
  %locate = load ptr, ptr %locate.at, align 1
  %wrap.at = getelementptr %form, ptr %form, i64 0, i32 5
  %wrap = load ptr, ptr %wrap.at, align 1
  %delete.at = getelementptr %form, ptr %form, i64 0, i32 6
  %delete = load ptr, ptr %delete.at, align 1
  %count.at = getelementptr %form, ptr %form, i64 0, i32 7
  %count = load i64, ptr %count.at, align 1
  %made.at = getelementptr %form, ptr %form, i64 0, i32 8
  %made = load i64, ptr %made.at, align 1
  %floats.at = getelementptr %form, ptr %form, i64 0, i32 9
  %floats = load i64, ptr %floats.at, align 1
  %first = getelementptr %form, ptr %form, i64 1
  %as.many = icmp eq i64 %count, %given
  br i1 %as.many, label %start, label %otherwise

start:
  %all = add i64 %given, %made
  %tensors = alloca %dltensor, i64 %all
  br label %operand

operand:
  %i = phi i64 [ 0, %start ], [ %i.next, %alike ]
  %known = phi ptr [ %first, %start ], [ %known.next, %alike ]
  %slot = getelementptr ptr, ptr %arguments, i64 %i
  %x = load ptr, ptr %slot
  %type.at = getelementptr %header, ptr %x, i64 0, i32 1
  %type = load ptr, ptr %type.at
  %is.tensor = icmp eq ptr %type, %tensor
  %is.parameter = icmp eq ptr %type, %parameter
  %is.known = or i1 %is.tensor, %is.parameter
  br i1 %is.known, label %look, label %otherwise

look:
  %described = getelementptr %dltensor, ptr %tensors, i64 %i
  %refused = call i32 %describe(ptr %x, ptr %described)
  %is.described = icmp eq i32 %refused, 0
  br i1 %is.described, label %kind, label %unlike

kind:
  %data = load ptr, ptr %described
  %has.memory = icmp ne ptr %data, null
  %device.at = getelementptr %dltensor, ptr %described, i64 0, i32 1
  %device = load i64, ptr %device.at
  %on.cpu = icmp eq i64 %device, 1
  %dtype.at = getelementptr %dltensor, ptr %described, i64 0, i32 3
  %dtype.short = load i32, ptr %dtype.at
  %dtype = zext i32 %dtype.short to i64
  %known.dtype = load i64, ptr %known, align 1
  %same.dtype = icmp eq i64 %dtype, %known.dtype
  %rank.at = getelementptr %dltensor, ptr %described, i64 0, i32 2
  %rank.short = load i32, ptr %rank.at
  %rank = sext i32 %rank.short to i64
  %known.rank.at = getelementptr i64, ptr %known, i64 1
  %known.rank = load i64, ptr %known.rank.at, align 1
  %same.rank = icmp eq i64 %rank, %known.rank
  %there = and i1 %has.memory, %on.cpu
  %same.type = and i1 %same.dtype, %same.rank
  %same.kind = and i1 %there, %same.type
  br i1 %same.kind, label %axes, label %otherwise

axes:
  %sizes.at = getelementptr %dltensor, ptr %described, i64 0, i32 4
  %sizes = load ptr, ptr %sizes.at
  %strides.at = getelementptr %dltensor, ptr %described, i64 0, i32 5
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
  br i1 %more, label %operand, label %modes

modes:
  %any.floats = icmp ne i64 %floats, 0
  br i1 %any.floats, label %level, label %make

level:
  %levels = call ptr @PyTuple_GetItem(ptr %held, i64 5)
  %level.name = call ptr @PyTuple_GetItem(ptr %held, i64 6)
  %none = call ptr @PyTuple_GetItem(ptr %held, i64 7)
  %gradient = call ptr @PyTuple_GetItem(ptr %held, i64 8)
  %negated = call ptr @PyTuple_GetItem(ptr %held, i64 10)
  %level.now = call ptr @PyDict_GetItem(ptr %levels, ptr %level.name)
  %no.level = icmp eq ptr %level.now, %none
  br i1 %no.level, label %ask, label %otherwise

ask:
  %a = phi i64 [ 0, %level ], [ %a.next, %plain ]
  %wanted = phi i1 [ false, %level ], [ %wanted.next, %plain ]
  %asked.at = getelementptr ptr, ptr %arguments, i64 %a
  %asked = load ptr, ptr %asked.at
  %is.neg = call ptr @PyObject_Vectorcall(ptr %negated, ptr %asked.at, i64 1, ptr null)
  %neg = call i1 @is.true(ptr %is.neg)
  br i1 %neg, label %otherwise, label %plain

plain:
  %requires = call ptr @PyObject_GetAttr(ptr %asked, ptr %gradient)
  %required = call i1 @is.true(ptr %requires)
  %wanted.next = or i1 %wanted, %required
  %a.next = add i64 %a, 1
  %more.asked = icmp slt i64 %a.next, %given
  br i1 %more.asked, label %ask, label %gradients

gradients:
  br i1 %wanted.next, label %taken, label %make

taken:
  %is.taken = call ptr @PyTuple_GetItem(ptr %held, i64 9)
  %enabled = call ptr @PyObject_Vectorcall(ptr %is.taken, ptr null, i64 0, ptr null)
  %takes = call i1 @is.true(ptr %enabled)
  br i1 %takes, label %otherwise, label %make

make:
  %loops = call ptr @PyTuple_GetItem(ptr %held, i64 2)
  %plan = call ptr @PyTuple_GetItem(ptr %held, i64 3)
  %length = add i64 %all, 1
  %vector = alloca ptr, i64 %length
  %created.at = alloca ptr
  store ptr %plan, ptr %vector
  %results = call ptr @PyTuple_New(i64 %made)
  %no.tuple = icmp eq ptr %results, null
  br i1 %no.tuple, label %failed, label %result

result:
  %j = phi i64 [ 0, %make ], [ %j.next, %keep ]
  %new.known = phi ptr [ %known.next, %make ], [ %new.known.next, %keep ]
  %new.dtype = load i32, ptr %new.known, align 1
  %new.rank.at = getelementptr i64, ptr %new.known, i64 1
  %new.rank = load i64, ptr %new.rank.at, align 1
  %new.sizes = getelementptr i64, ptr %new.known, i64 2
  %new.strides = getelementptr i64, ptr %new.sizes, i64 %new.rank
  %new.known.next = getelementptr i64, ptr %new.strides, i64 %new.rank
  %missed = call i32 %create(i64 %new.rank, ptr %new.sizes, ptr %new.strides, i32 %new.dtype, i32 0, i32 0, ptr %created.at)
  %is.created = icmp eq i32 %missed, 0
  br i1 %is.created, label %object, label %no.memory

object:
  %created = load ptr, ptr %created.at
  %number = add i64 %given, %j
  %new.described = getelementptr %dltensor, ptr %tensors, i64 %number
  %unlocated = call i32 %locate(ptr %created, ptr %new.described)
  %new = call ptr %wrap(ptr %created)
  %undeleted = call i32 %delete(ptr %created)
  %no.new = icmp eq ptr %new, null
  br i1 %no.new, label %failed, label %keep

keep:
  %set = call i32 @PyTuple_SetItem(ptr %results, i64 %j, ptr %new)
  %j.next = add i64 %j, 1
  %missing = icmp slt i64 %j.next, %made
  br i1 %missing, label %result, label %address

address:
  %n = phi i64 [ 0, %keep ], [ %n.next, %numbered ]
  %n.described = getelementptr %dltensor, ptr %tensors, i64 %n
  %n.data = load ptr, ptr %n.described
  %n.number = call ptr @PyLong_FromVoidPtr(ptr %n.data)
  %n.next = add i64 %n, 1
  %n.at = getelementptr ptr, ptr %vector, i64 %n.next
  store ptr %n.number, ptr %n.at
  %no.number = icmp eq ptr %n.number, null
  br i1 %no.number, label %failed, label %numbered

numbered:
  %unnumbered = icmp slt i64 %n.next, %all
  br i1 %unnumbered, label %address, label %run

run:
  %last = call ptr @PyObject_Vectorcall(ptr %loops, ptr %vector, i64 %length, ptr null)
  br label %free

free:
  %f = phi i64 [ 1, %run ], [ %f.next, %free ]
  %f.at = getelementptr ptr, ptr %vector, i64 %f
  %f.number = load ptr, ptr %f.at
  call void @Py_DecRef(ptr %f.number)
  %f.next = add i64 %f, 1
  %unfreed = icmp slt i64 %f.next, %length
  br i1 %unfreed, label %free, label %freed

freed:
  %no.last = icmp eq ptr %last, null
  br i1 %no.last, label %failed, label %done

done:
  call void @Py_DecRef(ptr %last)
  call void @Py_DecRef(ptr %held)
  %several = icmp sgt i64 %made, 1
  br i1 %several, label %all.results, label %only

only:
  %one = call ptr @PyTuple_GetItem(ptr %results, i64 0)
  call void @Py_IncRef(ptr %one)
  call void @Py_DecRef(ptr %results)
  ret ptr %one

all.results:
  ret ptr %results

failed:
  %unfinished = phi ptr [ null, %make ], [ %results, %object ], [ %results, %address ], [ %results, %freed ]
  %has.results = icmp ne ptr %unfinished, null
  br i1 %has.results, label %give.up, label %raise

give.up:
  call void @Py_DecRef(ptr %unfinished)
  br label %raise

raise:
  call void @Py_DecRef(ptr %held)
  ret ptr null

no.memory:
  call void @Py_DecRef(ptr %results)
  br label %otherwise

unlike:
  call void @PyErr_Clear()
  br label %otherwise

otherwise:
  %other.function = call ptr @PyTuple_GetItem(ptr %held, i64 1)
  %answer = call ptr @PyObject_Vectorcall(ptr %other.function, ptr %arguments, i64 %given, ptr null)
  call void @Py_DecRef(ptr %held)
  ret ptr %answer
}
