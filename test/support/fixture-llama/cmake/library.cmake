# libX.so -> libX.so.0 -> libX.so.0.5.0, as llama.cpp has them. Fixed: neither git nor the time is asked.
function(finish_library target)
  set_target_properties(${target} PROPERTIES VERSION 0.5.0 SOVERSION 0)
  install(TARGETS ${target} LIBRARY DESTINATION lib ARCHIVE DESTINATION lib RUNTIME DESTINATION bin)
endfunction()
